"""PNG files, also of kinds that Pillow does not write."""
import struct
import zlib

import numpy as np
from PIL import Image

from .common import HERE, PHOTO, reference, with_alpha


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, depth, color, rows, interlace=0):
    """A PNG file of unfiltered rows."""
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def make_pngs():
    reference("rgb", PHOTO, 80)
    reference("rgba", with_alpha(), 80)
    grey = PHOTO.convert("L")
    reference("grey", grey, 80)
    with_alpha().save(HERE / "rgba.png", optimize=True)
    with_alpha().convert("LA").save(HERE / "grey-alpha.png", optimize=True)
    reference("grey-alpha", with_alpha().convert("LA"), 80)
    pixels = np.asarray(PHOTO)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = [row.tobytes() for x, y, dx, dy in passes for row in pixels[y::dy, x::dx]]
    (HERE / "interlaced.png").write_bytes(png(192, 128, 8, 2, rows, interlace=1))
    # Sixteen bits whose low byte matters: a gradient too slow for eight bits.
    y, x = np.mgrid[0:128, 0:192]
    wide = (x * 40 + y * 300 + 3000).astype(np.uint16)
    (HERE / "grey16.png").write_bytes(png(192, 128, 16, 0, [row.astype(">u2").tobytes() for row in wide]))
    reference("grey16", Image.fromarray(wide.astype(np.float32)), 80, depth=65535)
    palette = PHOTO.quantize(16, dither=Image.Dither.NONE)
    palette.save(HERE / "palette.png", transparency=3, optimize=True)
    reference("palette", Image.open(HERE / "palette.png").convert("RGBA"), 80)
    grey.convert("1").save(HERE / "bilevel.png")
    reference("bilevel", grey.convert("1").convert("L"), 80)
