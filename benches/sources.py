"""Source pictures of scripts/bench: found in a folder by their properties, or generated."""
import os
import shutil

from programs import QUALITY_SCRIPT, ROOT, WORK, note, output, python

PHOTO = os.path.join(ROOT, "events", "photos", "lake.jpg")
GENERATED = os.path.join(WORK, "pictures")

# Label, megapixels, progressive, size of a generated picture.
JPEG = [("2 MP", 2.5, False, (1920, 1280)), ("12 MP", 12, False, (4032, 3024)), ("24 MP", 24, False, (6000, 4000)),
        ("48 MP", 48, False, (8064, 6048)), ("100 MP", 100, False, (11648, 8736)), ("12 MP progressive", 12, True, None),
        ("24 MP progressive", 24, True, None), ("100 MP progressive", 100, True, None)]

# Label, label of the JPEG that it is converted from, ending, highest ratio to libvips, highest memory over the idle
# process in MiB.
LOSSLESS = [("12 MP PNG", "12 MP", "png", 0.9, None), ("100 MP PNG", "100 MP", "png", 0.9, 48),
            ("100 MP PNG, interlaced", "100 MP", "interlaced.png", None, 48),
            ("12 MP TIFF, LZW", "12 MP", "tif", 0.9, None), ("12 MP TIFF, tiles", "12 MP", "tiles.tif", 0.9, None),
            ("24 MP BMP", "24 MP", "bmp", None, None), ("24 MP PPM", "24 MP", "ppm", None, None),
            ("12 MP QOI", "12 MP", "qoi", None, None)]

# Label, ending, size of a generated picture, peers of which the fastest is the reference, highest ratio to it, highest
# resident memory of the whole process in MiB.
WEBP_AVIF = [("12 MP WebP", ".webp", (4032, 3024), ("libvips", "libvips, 1 thread", "sharp"), 1.1, 96),
             ("12 MP AVIF", ".avif", (4032, 3024), ("pillow",), 0.72, 160),
             ("12 MP HEIC", ".heic", (4032, 3024), ("pillow",), 0.8, 160)]

# Size and chroma sampling of the charts of saturated text.
CHART_SIZE, CHARTS = (4032, 3024), ["4:2:0", "4:4:4"]
# Exif data of which the only entry is orientation 6: the picture is turned clockwise to display it (Exif 2.32, 4.6.4).
ORIENTATION_6 = (b"Exif\0\0MM\0*\0\0\0\x08" b"\0\x01" b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" b"\0\0\0\0")


def segments(file):
    """Yields the second byte of the marker and the content of every segment of a JPEG file, up to the first scan header
    (T.81, B.1.1.4). Yields nothing for other files."""
    if file.read(2) != b"\xff\xd8":
        return
    while len(marker := file.read(2)) == 2 and marker[0] == 0xff:
        yield marker[1], file.read(int.from_bytes(file.read(2), "big") - 2)
        if marker[1] == 0xda:
            return


def jpeg_header(path):
    """Returns megapixels and whether the file is progressive, from the frame header (T.81, B.2.2).

    Returns None for files that are not JPEG with three components.
    """
    with open(path, "rb") as file:
        for marker, content in segments(file):
            if marker in (0xc0, 0xc1, 0xc2) and len(content) > 5:
                pixels = int.from_bytes(content[1:3], "big") * int.from_bytes(content[3:5], "big")
                return (pixels / 1e6, marker == 0xc2) if content[5] == 3 else None
    return None


def turned_and_lying(path):
    """Returns the paths of two copies of a JPEG file: with orientation 6, and without an orientation."""
    os.makedirs(GENERATED, exist_ok=True)
    stem = os.path.splitext(os.path.basename(path))[0]
    paths = [os.path.join(GENERATED, f"{stem}-{name}.jpg") for name in ("turned", "lying")]
    with open(path, "rb") as file:
        kept = [(marker, content) for marker, content in segments(file) if marker != 0xe1]
        scans = file.read()
    for target, exif in zip(paths, ([(0xe1, ORIENTATION_6)], [])):
        with open(target, "wb") as file:
            file.write(b"\xff\xd8")
            for marker, content in exif + kept:
                file.write(bytes([0xff, marker]) + (len(content) + 2).to_bytes(2, "big") + content)
            file.write(scans)
    return paths


def chart_sources():
    """Returns the paths of the charts by label. Their text and bars have saturated colours on saturated grounds."""
    os.makedirs(GENERATED, exist_ok=True)
    found = {}
    for sampling in CHARTS:
        found[f"chart, {sampling}"] = path = os.path.join(GENERATED, f"chart-{sampling.replace(':', '')}.jpg")
        output(python(), QUALITY_SCRIPT, "chart", *map(str, CHART_SIZE), sampling, path)
    return found


def jpeg_sources(folder, labels=None):
    """Returns the paths of the JPEG files by label, and by label how missing ones were generated. With `labels`, other
    files are neither generated nor returned."""
    found, origins = find_jpeg(folder) if folder else {}, {}
    os.makedirs(GENERATED, exist_ok=True)
    prefix = "own" if folder else "lake"
    for label, _, progressive, size in JPEG:
        if label in found or (labels and label not in labels):
            continue
        path = os.path.join(GENERATED, f"{prefix}-{label.replace(' ', '-')}.jpg")
        base = found.get(label.removesuffix(" progressive"))
        if size and not folder:
            origins[label] = f"copies of {os.path.relpath(PHOTO, ROOT)} side by side, quality 90"
            output(python(), QUALITY_SCRIPT, "mosaic", PHOTO, *map(str, size), path)
        elif progressive and base and shutil.which("jpegtran"):
            origins[label] = f"jpegtran -progressive {os.path.basename(base)}"
            output("jpegtran", "-progressive", "-outfile", path, base)
        elif progressive and base:
            origins[label] = f"{os.path.basename(base)} encoded again by Pillow, because jpegtran is not installed"
            output(python(), QUALITY_SCRIPT, "progressive", base, path)
        else:
            note(f"there is no picture of {label}; its measurements are omitted")
            continue
        found[label] = path
    return {label: path for label, path in found.items() if not labels or label in labels}, origins


def find_jpeg(folder):
    """Returns the JPEG files of a folder by label. Of several candidates, the shortest name is chosen."""
    found = {}
    for name in sorted(os.listdir(folder), key=lambda name: (len(name), name)):
        path = os.path.join(folder, name)
        header = jpeg_header(path) if os.path.isfile(path) else None
        for label, megapixels, progressive, _ in JPEG:
            if header and header[1] == progressive and abs(header[0] / megapixels - 1) < 0.2:
                found.setdefault(label, path)
    return found


def lossless_sources(folder, labels=None):
    """Returns the paths of the lossless files by label. With `labels`, other files are neither generated nor returned."""
    rows = [row for row in LOSSLESS if not labels or row[0] in labels]
    jpeg, _ = jpeg_sources(folder, {jpeg_label for _, jpeg_label, *_ in rows})
    found = {}
    for label, jpeg_label, ending, *_ in rows:
        own = os.path.join(folder or GENERATED, f"png-{jpeg_label.lower().replace(' ', '')}.png")
        if ending == "png" and os.path.exists(own):
            found[label] = own
        elif jpeg_label in jpeg:
            stem = os.path.splitext(os.path.basename(jpeg[jpeg_label]))[0]
            found[label] = os.path.join(GENERATED, f"{stem}.{ending}")
            if not os.path.exists(found[label]):
                output(python(), QUALITY_SCRIPT, "convert", jpeg[jpeg_label], found[label])
    return found


def webp_avif_sources(folder):
    """Returns the paths of the WebP, AVIF and HEIC files by label."""
    found = {}
    os.makedirs(GENERATED, exist_ok=True)
    for label, ending, size, *_ in WEBP_AVIF:
        names = [name for name in os.listdir(folder or GENERATED) if name.endswith(ending) and "12mp" in name]
        found[label] = os.path.join(folder or GENERATED, min(names, key=len, default=f"lake-12mp{ending}"))
        if not names:
            output(python(), QUALITY_SCRIPT, "mosaic", PHOTO, *map(str, size), found[label])
    return found


def print_sources(sources, origins):
    """Prints the list of the sources."""
    for label, path in sources.items():
        origin = f" ({origins[label]})" if label in origins else ""
        print(f"- {label}: `{os.path.basename(path)}`, {os.path.getsize(path)} bytes{origin}")
