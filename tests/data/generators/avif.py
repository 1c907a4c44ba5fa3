"""AVIF files, and large WebP files.

Pillow (libavif) codes the images, libheif those of 10 and 12 bits, avifenc (libavif) planes as they are, and aomenc
those of many tiles. This module writes the boxes around coded images
for what neither writes: a grid, a clean aperture, an image that is cropped and turned.
"""
import io
import pathlib
import struct
import subprocess
import tempfile

import numpy as np
import pyvips
from PIL import Image

from .common import HERE, PHOTO, quadrants, reference, with_alpha

ESSENTIAL = (b"av1C", b"clap", b"hvcC", b"imir", b"irot")


def box(kind, *content):
    content = b"".join(content)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def full(kind, version, flags, *content):
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def coded(picture, **options):
    """The `av1C` box and the coded bytes that Pillow makes of an image."""
    out = io.BytesIO()
    picture.save(out, "AVIF", **options)
    file = out.getvalue()
    config = file.index(b"av1C")
    length = struct.unpack(">I", file[config - 4 : config])[0]
    data = file.index(b"mdat")
    return file[config - 4 : config - 4 + length], file[data + 4 :]


def container(items, references=b"", brands=b"avifmif1miaf"):
    """A file of items (type, bytes, properties). The first item is the primary one, the first brand the major one."""
    properties, tables = [], []
    for number, (_, _, own) in enumerate(items, 1):
        places = []
        for one in own:
            if one not in properties:
                properties.append(one)
            # Decoder configurations and transformations are marked as essential.
            places.append(properties.index(one) + 1 | (one[4:8] in ESSENTIAL) << 7)
        tables.append(struct.pack(">HB", number, len(places)) + bytes(places))
    ipma = full(b"ipma", 0, 0, struct.pack(">I", len(items)), *tables)
    infe = [full(b"infe", 2, 0, struct.pack(">HH4sB", number, 0, kind, 0)) for number, (kind, _, _) in enumerate(items, 1)]

    def meta(at):
        places = b""
        for number, (_, data, _) in enumerate(items, 1):
            places += struct.pack(">HHHII", number, 0, 1, at, len(data))
            at += len(data)
        return full(
            b"meta", 0, 0,
            full(b"hdlr", 0, 0, struct.pack(">I4s12xB", 0, b"pict", 0)),
            full(b"pitm", 0, 0, struct.pack(">H", 1)),
            full(b"iloc", 0, 0, struct.pack(">BBH", 0x44, 0, len(items)), places),
            full(b"iinf", 0, 0, struct.pack(">H", len(items)), *infe),
            references and full(b"iref", 0, 0, references),
            box(b"iprp", box(b"ipco", *properties), ipma),
        )

    head = box(b"ftyp", brands[:4], struct.pack(">I", 0), brands)
    head += meta(len(head) + len(meta(0)) + 8)
    return head + box(b"mdat", *(data for _, data, _ in items))


def ispe(width, height):
    return full(b"ispe", 0, 0, struct.pack(">II", width, height))


def grid(columns, rows, tile):
    """The photograph in tiles; those at the right and lower edge are filled up with grey."""
    items, size = [], PHOTO.size
    for row in range(rows):
        for column in range(columns):
            piece = Image.new("RGB", tile, (128, 128, 128))
            piece.paste(PHOTO.crop((column * tile[0], row * tile[1], *size)), (0, 0))
            config, data = coded(piece.crop((0, 0, *tile)), quality=90)
            items.append((b"av01", data, [config, ispe(*tile)]))
    content = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *size)
    tiles = struct.pack(f">HH{len(items)}H", 1, len(items), *range(2, len(items) + 2))
    return container([(b"grid", content, [ispe(*size)]), *items], box(b"dimg", tiles))


def cropped_and_turned():
    """The quadrants in a frame. The properties crop the frame, then turn and mirror the rest upright."""
    framed = Image.new("RGB", (56, 44), (0, 0, 0))
    framed.paste(quadrants(), (2, 8))
    # The inverse of `irot` (a quarter turn counter-clockwise) and then `imir` (left and right exchanged).
    stored = framed.transpose(Image.Transpose.FLIP_LEFT_RIGHT).transpose(Image.Transpose.ROTATE_270)
    config, data = coded(stored, quality=100, subsampling="4:4:4")
    clap = box(b"clap", struct.pack(">IIIIiIiI", 32, 1, 48, 1, -2, 1, 2, 1))
    properties = [config, ispe(*stored.size), clap, box(b"irot", b"\1"), box(b"imir", b"\1")]
    return container([(b"av01", data, properties)])


def deep(bits, name, **options):
    """A gradient too slow for eight bits, coded by libheif; returns its samples of sixteen bits."""
    y, x = np.mgrid[0:128, 0:192]
    wide = np.stack([x * 40 + y * 300 + 3000, 60000 - x * 150, y * 200 + 9000], axis=2).astype(np.uint16)
    picture = pyvips.Image.new_from_memory(wide.tobytes(), 192, 128, 3, "ushort").copy(interpretation="rgb16")
    picture.heifsave(str(HERE / name), compression="av1", bitdepth=bits, Q=95, keep="none", **options)
    return wide


def ycgco_re():
    """The photograph without loss, by the matrix YCgCo-Re of H.273: 8 bits of RGB in planes of 10 bits."""
    r, g, b = (np.asarray(PHOTO)[:, :, i].astype(np.int32) for i in range(3))
    co = r - b
    t = b + (co >> 1)
    cg = g - t
    planes = [t + (cg >> 1), cg + 512, co + 512]
    frame = b"".join(plane.astype("<u2").tobytes() for plane in planes)
    with tempfile.TemporaryDirectory() as folder:
        source, coded = pathlib.Path(folder, "planes.y4m"), pathlib.Path(folder, "coded.avif")
        header = f"YUV4MPEG2 W{PHOTO.width} H{PHOTO.height} F1:1 Ip A1:1 C444p10 XCOLORRANGE=FULL\nFRAME\n"
        source.write_bytes(header.encode() + frame)
        options = ["--min", "0", "--max", "0", "-s", "2", "--range", "full", "--cicp", "1/13/8"]
        subprocess.run(["avifenc", *options, source, coded], check=True, stdout=subprocess.DEVNULL)
        file = coded.read_bytes()
    # avifenc 0.11 does not know the matrix 16, but passes it through if it reads 8.
    assert file.count(struct.pack(">4sHHH", b"nclx", 1, 13, 8)) == 1
    return file.replace(struct.pack(">4sHHH", b"nclx", 1, 13, 8), struct.pack(">4sHHH", b"nclx", 1, 13, 16))


def of_many_tiles():
    """A grey image of 4096x4096 pixels in as many tiles as AV1 allows, 64 across and 64 down."""
    with tempfile.TemporaryDirectory() as folder:
        source, coded = pathlib.Path(folder, "grey.y4m"), pathlib.Path(folder, "grey.obu")
        source.write_bytes(b"YUV4MPEG2 W4096 H4096 F1:1 Ip A1:1 Cmono\nFRAME\n" + bytes([90]) * 4096 * 4096)
        options = ["--obu", "--cpu-used=9", "--end-usage=q", "--cq-level=60", "--sb-size=64", "--tile-columns=6"]
        options += ["--tile-rows=6", "--limit=1", "--allintra", "--monochrome", "-o", coded]
        subprocess.run(["aomenc", *options, source], check=True, stderr=subprocess.DEVNULL)
        return container([(b"av01", coded.read_bytes(), [ispe(4096, 4096)])])


def repeated_tile_with_alpha():
    """A grid that names one tile four times, with an alpha for the tile, and EXIF."""
    config, data = coded(Image.new("RGB", (64, 64), (200, 30, 30)), quality=50)
    mask_config, mask = coded(Image.new("L", (64, 64), 128), quality=50, subsampling="4:0:0")
    auxiliary = full(b"auxC", 0, 0, b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
    items = [
        (b"grid", struct.pack(">BBBBHH", 0, 0, 1, 1, 120, 100), [ispe(120, 100)]),
        (b"av01", data, [config, ispe(64, 64)]),
        (b"av01", mask, [mask_config, ispe(64, 64), auxiliary]),
        (b"Exif", struct.pack(">I", 0) + b"II*\0\x08\0\0\0" + bytes(6), []),
    ]
    references = box(b"dimg", struct.pack(">HH4H", 1, 4, 2, 2, 2, 2)), box(b"auxl", struct.pack(">HHH", 3, 1, 2))
    return container(items, b"".join(references) + box(b"cdsc", struct.pack(">HHH", 4, 1, 1)))


def sequence_only():
    """The animation without its still image: the metadata are marked as free space."""
    return (HERE / "animated.avif").read_bytes().replace(b"meta", b"free", 1)


def make_avifs():
    PHOTO.save(HERE / "rgb.avif", quality=90)
    PHOTO.save(HERE / "rgb-422.avif", quality=90, subsampling="4:2:2")
    PHOTO.save(HERE / "rgb-444.avif", quality=90, subsampling="4:4:4", range="limited")
    PHOTO.convert("L").save(HERE / "grey.avif", quality=90, subsampling="4:0:0")
    with_alpha().save(HERE / "rgba.avif", quality=90)
    with_alpha().save(HERE / "premultiplied.avif", quality=90, subsampling="4:4:4", alpha_premultiplied=True)
    (HERE / "ycgco-re.avif").write_bytes(ycgco_re())
    for name, make in [
        ("4096-tiles", of_many_tiles),
        ("repeated-tile-with-alpha", repeated_tile_with_alpha),
        ("sequence-only", sequence_only),
    ]:
        (HERE / "faults" / f"avif-{name}.avif").write_bytes(make())
    wide = deep(10, "deep-10.avif", subsample_mode="off")
    deep(12, "deep-12.avif", subsample_mode="on")
    planes = [Image.fromarray(wide[:, :, i].astype(np.float32)) for i in range(3)]
    scaled = [np.asarray(plane.resize((80, 53), Image.LANCZOS)) / 257 for plane in planes]
    Image.fromarray(np.clip(np.rint(np.stack(scaled, axis=2)), 0, 255).astype(np.uint8)).save(HERE / "reference" / "deep.png")
    (HERE / "grid.avif").write_bytes(grid(3, 2, (80, 66)))
    (HERE / "cropped-and-turned.avif").write_bytes(cropped_and_turned())
    for value in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = value
        turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose
        picture = quadrants().transpose(Image.Transpose(turns[value]))
        # libavif writes irot and imir besides the EXIF data.
        picture.save(HERE / f"orientation-{value}.avif", quality=90, subsampling="4:4:4", exif=exif)
    frames = [Image.new("RGB", (60, 40), color) for color in [(250, 10, 10), (10, 10, 250)]]
    frames[0].save(HERE / "animated.avif", save_all=True, append_images=frames[1:], duration=100)


def make_large():
    """Images of odd sizes, which decoders reduce while they decode."""
    picture = Image.open(HERE / "kodim23-768x512.png").convert("RGB").crop((0, 0, 767, 511))
    picture.save(HERE / "kodim23.webp", quality=90)
    picture.save(HERE / "kodim23-lossless.webp", lossless=True)
    picture.save(HERE / "kodim23.avif", quality=80)
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    picture.save(HERE / "kodim23-alpha.webp", quality=90)
    reference("kodim23-90", picture.convert("RGB"), 90)
    reference("kodim23-alpha", picture, 90)
    # Smooth, so that 12 megapixels are few bytes: the memory of a decoder depends on the size only.
    y, x = np.mgrid[0:3000, 0:4000]
    planes = [x * 255 // 3999, y * 255 // 2999, (x // 400 + y // 300) % 2 * 120 + 60]
    large = Image.fromarray(np.stack(planes, axis=2).astype(np.uint8))
    large.save(HERE / "megapixels-12.avif", quality=30, speed=6)
