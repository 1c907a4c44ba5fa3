#!/usr/bin/env python3
"""Makes the seeds of the target formats: small pictures of tests/data, each behind a byte for the size of reads."""
import pathlib

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
