#!/usr/bin/env python3
"""Makes the seeds of the targets for JPEG: small files of many kinds, each behind a byte for the scale and one for the
size of reads. Needs Pillow."""
import io
import pathlib

from PIL import Image

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent.parent.parent / "tests" / "data"
PHOTO = Image.open(DATA / "kodim23-768x512.png").convert("RGB")


def jpeg(picture, **options):
    file = io.BytesIO()
    picture.save(file, "JPEG", **{"quality": 60, **options})
    return file.getvalue()


def crop(width, height, mode="RGB"):
    return PHOTO.crop((300, 200, 300 + width, 200 + height)).convert(mode)


def with_height_at_the_end(file):
    """Height 0 in the frame header, and the real one in a DNL segment behind the scan (T.81, B.2.5)."""
    frame = file.index(b"\xff\xc0")
    height = file[frame + 5:frame + 7]
    return file[:frame + 5] + b"\0\0" + file[frame + 7:-2] + b"\xff\xdc\0\x04" + height + file[-2:]


def with_swapped_restarts(file):
    first, second = file.index(b"\xff\xd0"), file.index(b"\xff\xd1")
    return file[:first] + b"\xff\xd1" + file[first + 2:second] + b"\xff\xd0" + file[second + 2:]


FILES = {
    "444": jpeg(crop(40, 24), subsampling="4:4:4"),
    "422": jpeg(crop(40, 24), subsampling="4:2:2"),
    "420": jpeg(crop(40, 24), subsampling="4:2:0"),
    "420-odd": jpeg(crop(35, 17), subsampling="4:2:0"),
    "420-one-pixel": jpeg(crop(1, 1), subsampling="4:2:0"),
    "420-busy": jpeg(crop(32, 32), subsampling="4:2:0", quality=98),
    "420-flat": jpeg(Image.new("RGB", (64, 64), (200, 30, 90)), subsampling="4:2:0"),
    "420-optimised": jpeg(crop(40, 24), subsampling="4:2:0", optimize=True),
    "420-restart-1": jpeg(crop(48, 48), subsampling="4:2:0", restart_marker_blocks=1),
    "420-restart-rows": jpeg(crop(48, 48), subsampling="4:2:0", restart_marker_rows=1),
    "grey": jpeg(crop(40, 24, "L")),
    "grey-wide": jpeg(crop(200, 3, "L")),
    "cmyk": jpeg(crop(24, 24, "CMYK")),
    "rgb": jpeg(crop(24, 24), keep_rgb=True),
    "progressive": jpeg(crop(40, 24), subsampling="4:2:0", progressive=True),
    "progressive-444": jpeg(crop(40, 24), subsampling="4:4:4", progressive=True),
    "progressive-grey": jpeg(crop(40, 40, "L"), progressive=True),
    "progressive-flat": jpeg(Image.new("RGB", (64, 64), (200, 30, 90)), progressive=True),
    "progressive-restart": jpeg(crop(48, 48), progressive=True, restart_marker_blocks=2),
    "exif-icc": (DATA / "orientation-6.jpg").read_bytes(),
}
FILES["dnl"] = with_height_at_the_end(FILES["420"])
FILES["no-end"] = FILES["420"][:-2]
FILES["cut"] = FILES["420-busy"][:len(FILES["420-busy"]) * 2 // 3]
FILES["cut-progressive"] = FILES["progressive"][:len(FILES["progressive"]) * 2 // 3]
FILES["trailing"] = FILES["420"] + FILES["grey"]
FILES["fill-bytes"] = FILES["420"].replace(b"\xff\xda", b"\xff\xff\xff\xda", 1)
FILES["swapped-restarts"] = with_swapped_restarts(FILES["420-restart-1"])



def scans(file):
    """Positions of scan headers."""
    return [at for at in range(len(file)) if file[at:at + 2] == b"\xff\xda"]


def without_scan(file, number):
    first, after = scans(file)[number:number + 2]
    return file[:first] + file[after:]


def with_one_name(file):
    """All components of the frame and the scan called 1."""
    frame, scan = file.index(b"\xff\xc0"), file.index(b"\xff\xda")
    file = bytearray(file)
    for at in range(3):
        file[frame + 10 + 3 * at] = file[scan + 5 + 2 * at] = 1
    return bytes(file)


def filled(file, part, length):
    at = file.index(b"\xff\xda") + 14 + part
    return file[:at] + bytes(len(file[at:at + length])) + file[at + length:]


def conformance(name):
    return (DATA / "conformance" / f"{name}.jpg").read_bytes()


CMYK = FILES["cmyk"]
ADOBE = CMYK.index(b"\xff\xee")
FILES["cmyk-bare"] = CMYK[:ADOBE] + CMYK[ADOBE + 16:]
FILES["one-name"] = with_one_name(FILES["420"])
FILES["empty-segments"] = FILES["420"].replace(b"\xff\xdb", b"\xff\xe5\0\0\xff\xfe\0\1\xff\xdb", 1)
FILES["cut-then-zeros"] = filled(FILES["420-busy"], len(FILES["420-busy"]) // 2, 1 << 16)
FILES["hole"] = filled(FILES["420-busy"], len(FILES["420-busy"]) // 3, 256)
FILES["flat-optimised"] = jpeg(Image.new("L", (512, 512), 200), optimize=True)
FILES["reserved-marker"] = FILES["420-restart-rows"].replace(b"\xff\xd0", b"\xff\x3a\1\2\xff\xd0", 1)
FILES["progressive-without-first-ac"] = without_scan(FILES["progressive"], 1)
FILES["progressive-scan-twice"] = FILES["progressive-grey"].replace(b"\xff\xd9", FILES["progressive-grey"][
    scans(FILES["progressive-grey"])[0]:], 1)
FILES["arithmetic"] = conformance("arithmetic-grey")
FILES["arithmetic-progressive"] = conformance("arithmetic-progressive")
FILES["arithmetic-restart"] = conformance("arithmetic-restart")

for number, (name, file) in enumerate(FILES.items()):
    chunk = (0, 1, 7, 64)[number // 4 % 4]
    (HERE / "jpeg" / name).write_bytes(bytes([number % 4, chunk]) + file)
