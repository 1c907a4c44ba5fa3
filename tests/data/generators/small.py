"""The same few pixels in many formats: small/KIND.png, and KIND.VARIETY.EXTENSION with the same pixels."""
import struct
import zlib

import numpy as np
import pyvips
from PIL import Image

from .common import HERE, quadrants, small, small_16
from .png import png

SMALL = HERE / "small"


def make_small():
    SMALL.mkdir(exist_ok=True)
    for mode, kind in [("RGB", "rgb"), ("RGBA", "rgba"), ("L", "grey"), ("LA", "grey-alpha"), ("1", "bilevel")]:
        small(mode).save(SMALL / f"{kind}.png", optimize=True)
    # Long runs and repeated colours, for run-length codes.
    quadrants().save(SMALL / "flat.png", optimize=True)
    for mode, kind, color in [("RGB", "rgb16", 2), ("RGBA", "rgba16", 6), ("L", "grey16", 0)]:
        rows = [row.astype(">u2").tobytes() for row in small_16(mode)]
        (SMALL / f"{kind}.png").write_bytes(png(48, 32, 16, color, rows))
    make_small_pnm()
    make_small_tiff()
    for mode, kind in [("RGB", "rgb"), ("RGBA", "rgba")]:
        small(mode).save(SMALL / f"{kind}.qoi")
    quadrants().save(SMALL / "flat.qoi")


def make_small_pnm():
    def write(name, *parts):
        (SMALL / name).write_bytes(b"".join(part.encode() if isinstance(part, str) else part for part in parts))

    def text(samples, per_line=12):
        samples = [str(sample) for sample in np.asarray(samples).ravel()]
        return "\n".join(" ".join(samples[i : i + per_line]) for i in range(0, len(samples), per_line))

    small("1").save(SMALL / "bilevel.p4.pbm")
    small("L").save(SMALL / "grey.p5.pgm")
    small("RGB").save(SMALL / "rgb.p6.ppm")
    bits = 1 - np.asarray(small("1")).astype(np.uint8)
    digits = "\n".join("".join(str(bit) for bit in row) for row in bits)
    write("bilevel.p1.pbm", "P1\n# digits side by side\n48 32\n", digits, "\n")
    write("grey.p2.pgm", "P2 48 #width\n 32\r\n255\n", text(small("L")))
    write("rgb.p3.ppm", "P3\n48\n32\n255\n", text(small("RGB")), "\n")
    write("grey16.p5.pgm", "P5 48 32 65535\n", small_16("L").astype(">u2").tobytes())
    write("rgb16.p6.ppm", "P6\n48 32\n65535\n", small_16("RGB").astype(">u2").tobytes())
    pam = "P7\nWIDTH 48\nHEIGHT 32\nDEPTH {}\nMAXVAL {}\nTUPLTYPE {}\nENDHDR\n"
    write("bilevel.p7.pam", pam.format(1, 1, "BLACKANDWHITE"), (1 - bits).tobytes())
    write("grey-alpha.p7.pam", pam.format(2, 255, "GRAYSCALE_ALPHA"), small("LA").tobytes())
    write("rgb.p7.pam", "P7\n#of the small ones\nDEPTH 3\nMAXVAL 255\nWIDTH 48\nHEIGHT 32\nENDHDR\n", small().tobytes())
    write("rgba.p7.pam", pam.format(4, 255, "RGB_ALPHA"), small("RGBA").tobytes())
    write("rgba16.p7.pam", pam.format(4, 65535, "RGB_ALPHA"), small_16("RGBA").astype(">u2").tobytes())
    # Maximum values other than 255 and 65535, and the same samples scaled to whole bytes.
    few = np.asarray(small("L")).astype(np.uint32) * 15 // 255
    Image.fromarray((few * 17).astype(np.uint8)).save(SMALL / "grey-15.png", optimize=True)
    write("grey-15.p2.pgm", "P2\n48 32\n15\n", text(few), "\n")
    write("grey-15.p5.pgm", "P5\n48 32\n15\n", few.astype(np.uint8).tobytes())
    many = small_16("L").astype(np.uint32) * 1000 // 65535
    wide = ((many * 65535 + 500) // 1000).astype(">u2")
    (SMALL / "grey-1000.png").write_bytes(png(48, 32, 16, 0, [row.tobytes() for row in wide]))
    write("grey-1000.p5.pgm", "P5\n48 32\n1000\n", many.astype(">u2").tobytes())
    write("grey-1000.p2.pgm", "P2\n48 32\n1000\n", text(many))


def tiff(width, height, bits, samples, strips, rows_per_strip, compression=1, order="<", extra=()):
    """A TIFF whose directory comes first, so that it can be written in one pass."""
    photometric = 2 if samples >= 3 else 1
    tags = [(256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * samples), (259, 3, [compression])]
    tags += [(262, 3, [photometric]), (273, 4, [0] * len(strips)), (277, 3, [samples]), (278, 4, [rows_per_strip])]
    tags += [(279, 4, [len(strip) for strip in strips]), *extra]
    width_of = {3: "H", 4: "I"}
    body = 8 + 2 + 12 * len(tags) + 4
    values = sum(struct.calcsize(width_of[kind]) * len(v) for _, kind, v in tags if struct.calcsize(width_of[kind]) * len(v) > 4)
    starts = [body + values + sum(map(len, strips[:i])) for i in range(len(strips))]
    head, tail = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8) + struct.pack(order + "H", len(tags)), b""
    for tag, kind, value in sorted(tags):
        packed = struct.pack(order + width_of[kind] * len(value), *(starts if tag == 273 else value))
        place = struct.pack(order + "I", body + len(tail)) if len(packed) > 4 else packed.ljust(4, b"\0")
        head += struct.pack(order + "HHI", tag, kind, len(value)) + place
        tail += packed if len(packed) > 4 else b""
    return head + bytes(4) + tail + b"".join(strips)


def make_small_fax():
    """Varieties of fax: T4Options is 292, FillOrder 266."""
    for name, compression, tags in [
        ("group3-2d", "group3", {292: 1, 278: 9}),
        ("group3-2d-fill", "group3", {292: 5}),
        ("group3-fill", "group3", {292: 4}),
        ("group3-lsb", "group3", {266: 2}),
        ("group4-lsb", "group4", {266: 2}),
        ("group4-strips", "group4", {278: 5}),
        ("rle", "tiff_ccitt", {}),
    ]:
        small("1").save(SMALL / f"bilevel.{name}.tif", compression=compression, tiffinfo=tags)
    # The same without the lengths of strips, 279, as some scanners write them.
    file = (SMALL / "bilevel.group4-strips.tif").read_bytes()
    at = file.index(struct.pack("<HHI", 279, 4, 7))
    place = int.from_bytes(file[at + 8 : at + 12], "little")
    (SMALL / "bilevel.group4-without-lengths.tif").write_bytes(file[:place] + bytes(28) + file[place + 28 :])


def make_small_tiff():
    for mode, kind in [("RGB", "rgb"), ("RGBA", "rgba"), ("L", "grey"), ("LA", "grey-alpha")]:
        small(mode).save(SMALL / f"{kind}.lzw.tif", compression="tiff_lzw")
        small(mode).save(SMALL / f"{kind}.packbits.tif", compression="packbits")
    small().save(SMALL / "rgb.raw.tif")
    small().save(SMALL / "rgb.deflate.tif", compression="tiff_adobe_deflate", tiffinfo={317: 2, 278: 7})
    quadrants().save(SMALL / "flat.packbits.tif", compression="packbits")
    for compression in ["group3", "group4"]:
        small("1").save(SMALL / f"bilevel.{compression}.tif", compression=compression)
    make_small_fax()
    for kind in ["rgb", "rgba", "rgb16", "rgba16", "grey16"]:
        picture = pyvips.Image.new_from_file(str(SMALL / f"{kind}.png"))
        tiles = {"tile": True, "tile_width": 16, "tile_height": 16}
        picture.tiffsave(str(SMALL / f"{kind}.tiles.tif"), compression="deflate", predictor="horizontal", **tiles)
        picture.tiffsave(str(SMALL / f"{kind}.big.tif"), compression="lzw", predictor="horizontal", bigtiff=True)
    rows = [row.tobytes() for row in np.asarray(small())]
    (SMALL / "rgb.first.tif").write_bytes(tiff(48, 32, 8, 3, [b"".join(rows)], 32))
    strips = [zlib.compress(b"".join(rows[i : i + 5])) for i in range(0, 32, 5)]
    (SMALL / "rgb.first-deflate.tif").write_bytes(tiff(48, 32, 8, 3, strips, 5, compression=8))
    wide = small_16("RGBA").astype(">u2").tobytes()
    (SMALL / "rgba16.first.tif").write_bytes(tiff(48, 32, 16, 4, [wide], 32, order=">", extra=[(338, 3, [2])]))
