#!/usr/bin/env python3
"""Makes the seeds of all targets. Those of formats are small pictures of tests/data, each behind a byte for the size of reads."""
import gzip
import pathlib

import texts

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent.parent / "tests" / "data"
LARGEST = 2100  # bytes
KINDS = [
    "bmpsuite/Info_*.bmp", "bmpsuite/V3_*s5.bmp", "bmpsuite/V4_*.bmp", "bmpsuite/V5_*.bmp", "bmpsuite/pal2.bmp",
    "pngsuite/basi*.png", "pngsuite/basn*.png", "pngsuite/s0[1-9]i*.png", "pngsuite/t*.png", "pngsuite/ct[1z]*.png",
    "small/*.p?m", "small/*.tif", "small/*.qoi", "tiffsuite/*.tif*", "animated.gif", "orientation-6.*",
    "animated.avif", "cropped-and-turned.avif", "deep-12.avif", "faults/*.avif",
]

(HERE / "formats").mkdir(exist_ok=True)
paths = {path for kind in KINDS for path in DATA.glob(kind) if path.stat().st_size <= LARGEST}
# Of their kind the smallest.
paths |= {DATA / "bmpsuite" / "pal4rle.bmp", DATA / "jpeg.tif"}
paths |= {DATA / "tiffsuite" / f"{name}.tif" for name in ["flower-ycbcr44-contig-08", "smallliz"]}
# Behind those, whose bytes stay as they are.
LATER = ["jxlsuite/*.jxl", "small/flat.jxl", "small/flat.pcx", "small/flat.tga", "dxt5.dds"]
later = {path for kind in LATER for path in DATA.glob(kind) if path.stat().st_size <= LARGEST}
later |= {DATA / name for name in ["small/flat.ico", "small.exr", "small.hdr", "small-palette.pcx"]}
for number, path in enumerate([*sorted(paths), *sorted(later)]):
    chunk = (0, 1, 7, 64)[number % 4]
    (HERE / "formats" / path.name).write_bytes(bytes([chunk]) + path.read_bytes())
# Behind all others, whose bytes for the size of reads stay.
for path in [DATA / "heic" / name for name in ["grey.heic", "rgb-420.heic", "rgba-10-29x100.heif"]]:
    (HERE / "formats" / path.name).write_bytes(bytes([7]) + path.read_bytes())


ROOT = HERE.parent.parent
SMALL = 4000  # bytes


def write(target, name, content):
    """Writes one seed."""
    (HERE / target).mkdir(exist_ok=True)
    (HERE / target / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def number(target, contents):
    """Writes seeds that have no name."""
    for index, content in enumerate(contents):
        write(target, f"{index:02}", content)


events = [*ROOT.glob("events/*.json"), *ROOT.glob("tests/data/events/*.json")]
for path in sorted(path for path in events if path.stat().st_size <= SMALL):
    write("event", path.name, path.read_bytes())
    if path.name == "put.json":
        length = path.stat().st_size
        answer = f"HTTP/1.1 200 OK\r\n{texts.LIMITS}Content-Length: {length}\r\n\r\n".encode()
        write("runtime", "put", answer + path.read_bytes())
number("configuration", texts.CONFIGURATIONS)
for path in sorted(ROOT.glob("examples/*.json")):
    if path.stat().st_size <= SMALL:
        write("configuration", path.name, b"---\n" + path.read_bytes())
number("recipe", texts.RECIPES)
number("keys", ["\n".join(rule) + "\n" + texts.SOURCES for rule in texts.RULES])
number("cos", texts.COS)
number("runtime", texts.RUNTIME)
number("rendering", texts.RENDERINGS)
manifest = (DATA / "inventory" / "manifest.json").read_bytes()
rows = (DATA / "inventory" / "rows.csv.gz").read_bytes()
separator = texts.SEPARATOR.encode()
plain = b'"1","pics","a%2Fb+c.jpg","7","2024-05-03T08:15:42Z","9b2c","Standard"\r\n,,"open'
number("inventory", [
    b"\x07" + manifest + separator + rows, b"\x01" + manifest + separator + gzip.decompress(rows),
    b"\x40" + manifest + separator + plain, b"\x03" + manifest + separator, b"\x03{}" + separator,
    b"\x02" + manifest.replace(b"CSV", b"ORC") + separator + rows, b"\x05" + manifest + separator + rows[:90],
])
# The units of AV1 in small files: what the box mdat holds from the first temporal delimiter on.
folder = HERE.parent / "differential" / "seeds" / "avif"
folder.mkdir(parents=True, exist_ok=True)
for path in sorted((HERE / "formats").glob("*.avif")):
    delimiter, (_, _, content) = b"\x12\0", path.read_bytes().partition(b"mdat")
    if delimiter in content:
        (folder / f"{path.stem}.obu").write_bytes(content[content.index(delimiter):])
