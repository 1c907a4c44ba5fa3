"""Makes the small fixture pictures in this folder and the references in reference/.

Needs Pillow, NumPy and, for the checksums, pyvips. Only kodim23-768x512.png, the photographs and the suites are not made
here; see README.md. References are computed in floating point by Pillow, from every pixel of the source: Lanczos, alpha
premultiplied, colours converted by LittleCMS.
"""

import hashlib
import io
import pathlib
import re
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms

HERE = pathlib.Path(__file__).parent
PHOTO = Image.open(HERE / "kodim23-768x512.png").convert("RGB").resize((192, 128), Image.LANCZOS)


def ramp():
    """Alpha that grows from left to right, with a hole."""
    y, x = np.mgrid[0:128, 0:192]
    alpha = (x * 255 // 191).astype(np.uint8)
    alpha[(x - 96) ** 2 + (y - 64) ** 2 < 900] = 0
    return Image.fromarray(alpha)


def with_alpha():
    picture = PHOTO.copy()
    picture.putalpha(ramp())
    return picture


def lanczos(picture, box):
    """The whole picture, fitted inside the box, as floats with straight alpha."""
    planes = np.asarray(picture, dtype=np.float32)
    if planes.ndim == 2:
        planes = planes[:, :, None]
    alpha = planes.shape[2] in (2, 4)
    if alpha:
        planes = np.concatenate([planes[:, :, :-1] * planes[:, :, -1:] / 255, planes[:, :, -1:]], axis=2)
    scale = min(box / picture.width, box / picture.height)
    size = (int(picture.width * scale + 0.5), int(picture.height * scale + 0.5))
    scaled = [Image.fromarray(planes[:, :, i]).resize(size, Image.LANCZOS) for i in range(planes.shape[2])]
    scaled = np.stack([np.asarray(plane) for plane in scaled], axis=2)
    if alpha:
        opaque = np.maximum(scaled[:, :, -1:], 1e-6)
        scaled = np.concatenate([scaled[:, :, :-1] * 255 / opaque, scaled[:, :, -1:]], axis=2)
    return scaled


def reference(name, picture, box, depth=255):
    planes = lanczos(picture, box) * (255 / depth)
    planes = np.clip(np.rint(planes), 0, 255).astype(np.uint8)
    if planes.shape[2] == 1:
        planes = planes[:, :, 0]
    Image.fromarray(planes).save(HERE / "reference" / f"{name}.png", optimize=True)


# JPEG with four components.


def cmyk():
    """Inks that are not all neutral: under-colour removal by half."""
    rgb = 255 - np.asarray(PHOTO, dtype=np.int32)
    black = rgb.min(axis=2, keepdims=True) // 2
    return np.concatenate([rgb - black, black], axis=2).clip(0, 255).astype(np.uint8)


def plain_rgb(inks):
    inks = inks.astype(np.float32)
    rgb = (255 - inks[:, :, :3]) * (255 - inks[:, :, 3:]) / 255
    return Image.fromarray(np.rint(rgb).astype(np.uint8))


def segment(data, marker):
    """Where a segment starts and how long it is, marker included."""
    at = 2
    while data[at + 1] != marker:
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return at, 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]


def four(stored, transform):
    """A JPEG whose stored samples are these (Pillow turns them round when it writes)."""
    out = io.BytesIO()
    Image.fromarray(255 - stored, "CMYK").save(out, "JPEG", quality=95)
    data = bytearray(out.getvalue())
    at, length = segment(data, 0xEE)
    if transform is None:
        del data[at : at + length]
    else:
        data[at + length - 1] = transform
    return bytes(data)


def ycck(inks):
    r, g, b = (inks[:, :, i].astype(np.float32) for i in range(3))
    y = 0.299 * r + 0.587 * g + 0.114 * b
    planes = [y, (b - y) / 1.772 + 128, (r - y) / 1.402 + 128, 255.0 - inks[:, :, 3]]
    return np.clip(np.rint(np.stack(planes, axis=2)), 0, 255).astype(np.uint8)


def make_inks():
    inks = cmyk()
    reference("cmyk", plain_rgb(inks), 80)
    (HERE / "cmyk-adobe.jpg").write_bytes(four(255 - inks, 0))
    (HERE / "cmyk-bare.jpg").write_bytes(four(inks, None))
    (HERE / "ycck-adobe.jpg").write_bytes(four(ycck(inks), 2))
    Image.fromarray(inks, "CMYK").save(HERE / "cmyk.tif", compression="tiff_lzw")


# ICC profiles: a matrix and one gamma, version 2.


def profile(primaries, gamma):
    white = np.array([0.9642, 1.0, 0.8249])
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    # Bradford from D65 to D50.
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d65 = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    columns = columns * np.linalg.solve(columns, d65)
    adapt = np.linalg.inv(bradford) @ np.diag(bradford @ white / (bradford @ d65)) @ bradford
    columns = adapt @ columns

    def fixed(value):
        return struct.pack(">i", round(value * 65536))

    def xyz(values):
        return b"XYZ \0\0\0\0" + b"".join(fixed(value) for value in values)

    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(4 + 4 + 2 + 1 + 67)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    tags = {b"desc": text, b"wtpt": xyz(white), b"cprt": b"text\0\0\0\0none\0"}
    tags |= {name: xyz(columns[:, i]) for i, name in enumerate([b"rXYZ", b"gXYZ", b"bXYZ"])}
    tags |= {name: curve for name in [b"rTRC", b"gTRC", b"bTRC"]}
    body, table, at = b"", struct.pack(">I", len(tags)), 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += b"".join(fixed(value) for value in white)
    return head.ljust(128, b"\0") + table + body


def to_srgb(picture, icc):
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    return ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))


def make_profiles():
    adobe = profile([(0.64, 0.33), (0.21, 0.71), (0.15, 0.06)], 563 / 256)
    p3 = profile([(0.68, 0.32), (0.265, 0.69), (0.15, 0.06)], 2.2)
    PHOTO.save(HERE / "adobe-rgb.jpg", quality=95, subsampling=0, icc_profile=adobe)
    PHOTO.save(HERE / "p3.png", icc_profile=p3, optimize=True)
    reference("adobe-rgb", to_srgb(PHOTO, adobe), 80)
    reference("p3", to_srgb(PHOTO, p3), 80)
    PHOTO.save(HERE / "broken-profile.jpg", quality=95, subsampling=0, icc_profile=adobe[:200])


# PNG beyond what Pillow writes.


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, depth, color, rows, interlace=0):
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
    # Sixteen bits whose low byte matters: a ramp slower than eight bits can show.
    y, x = np.mgrid[0:128, 0:192]
    wide = (x * 40 + y * 300 + 3000).astype(np.uint16)
    (HERE / "grey16.png").write_bytes(png(192, 128, 16, 0, [row.astype(">u2").tobytes() for row in wide]))
    reference("grey16", Image.fromarray(wide.astype(np.float32)), 80, depth=65535)
    palette = PHOTO.quantize(16, dither=Image.Dither.NONE)
    palette.save(HERE / "palette.png", transparency=3, optimize=True)
    reference("palette", Image.open(HERE / "palette.png").convert("RGBA"), 80)
    grey.convert("1").save(HERE / "bilevel.png")
    reference("bilevel", grey.convert("1").convert("L"), 80)


def quadrants():
    picture = Image.new("RGB", (48, 32), (200, 30, 30))
    picture.paste((30, 180, 30), (24, 0, 48, 16))
    picture.paste((30, 30, 200), (0, 16, 24, 32))
    picture.paste((220, 220, 40), (24, 16, 48, 32))
    return picture


def make_orientations():
    """Each lies so that its tag turns it upright: red, green above blue, yellow."""
    turns = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    for value, turn in turns.items():
        exif = Image.Exif()
        exif[0x0112] = value
        picture = quadrants() if turn is None else quadrants().transpose(turn)
        picture.save(HERE / f"orientation-{value}.jpg", quality=90, subsampling=0, exif=exif)
        if value == 6:
            picture.save(HERE / "orientation-6.png", exif=exif)
            picture.save(HERE / "orientation-6.webp", exif=exif, lossless=True)
            picture.save(HERE / "orientation-6.tif", tiffinfo={0x0112: 6}, compression="tiff_lzw")


def make_others():
    PHOTO.save(HERE / "rgb.bmp")
    PHOTO.quantize(16).save(HERE / "palette.bmp")
    PHOTO.save(HERE / "rgb.tif", compression="tiff_adobe_deflate")
    with_alpha().save(HERE / "rgba.tif", compression="tiff_lzw")
    small().save(HERE / "jpeg.tif", compression="jpeg", quality=90)
    PHOTO.convert("L").save(HERE / "grey.jpg", quality=95)
    PHOTO.save(HERE / "progressive.jpg", quality=90, progressive=True)
    PHOTO.save(HERE / "quality-35.jpg", quality=35)
    with_alpha().save(HERE / "rgba.webp", lossless=True)
    with_alpha().save(HERE / "rgba-lossy.webp", quality=90)
    PHOTO.save(HERE / "rgb.webp", quality=90)
    first = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
    first.paste((250, 10, 10, 255), (10, 5, 50, 35))
    second = Image.new("RGBA", (60, 40), (10, 10, 250, 255))
    first.save(HERE / "animated.gif", save_all=True, append_images=[second], duration=100, disposal=2)
    whole = (HERE / "progressive.jpg").read_bytes()
    (HERE / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (HERE / "text.jpg").write_text("This is a note, not a picture.\n")
    (HERE / "bomb.png").write_bytes(png(60000, 60000, 8, 2, []))


def make_references():
    """Of pictures that stand alone: what Pillow sees in them, of 16 bits the upper eight."""

    def seen(file, mode="RGB"):
        return Image.open(HERE / file).convert(mode)

    for file in ["portrait.jpg", "quality-35.jpg", "rgb16.png"]:
        reference(file.split(".")[0], seen(file), 80)
    reference("palette-opaque", seen("palette.bmp"), 80)
    reference("jpeg", seen("jpeg.tif"), 48)
    reference("megapixels-12", seen("megapixels-12.avif"), 80)
    reference("image-rs-anim", seen("image-rs-anim.webp", "RGBA"), 80)
    reference("animated", seen("animated.gif", "RGBA"), 60)
    reference("animated-opaque", seen("animated.avif"), 60)
    reference("orientation", quadrants(), 48)


# The same few pixels in many formats: small/KIND.png, and KIND.VARIETY.EXTENSION with the same pixels.

SMALL = HERE / "small"


def small(mode="RGB"):
    picture = PHOTO.resize((48, 32), Image.LANCZOS)
    if mode in ("RGBA", "LA"):
        picture.putalpha(ramp().resize((48, 32)))
    return picture.convert(mode)


def small_16(mode="RGB"):
    """Sixteen bits whose low byte matters; rows of samples."""
    samples = np.asarray(small(mode)).reshape(32, -1).astype(np.uint32) * 257
    return np.clip(samples + (np.arange(samples.shape[1]) * 37 % 200), 0, 65535).astype(np.uint16)


def make_small():
    SMALL.mkdir(exist_ok=True)
    for mode, kind in [("RGB", "rgb"), ("RGBA", "rgba"), ("L", "grey"), ("LA", "grey-alpha"), ("1", "bilevel")]:
        small(mode).save(SMALL / f"{kind}.png", optimize=True)
    # Long runs, and colours that come again.
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
    # Ranges that are not those of whole bytes, and what they are in them.
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
    """A TIFF whose directory comes first, as programs write it that do not go back."""
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


def make_small_tiff():
    import pyvips

    for mode, kind in [("RGB", "rgb"), ("RGBA", "rgba"), ("L", "grey"), ("LA", "grey-alpha")]:
        small(mode).save(SMALL / f"{kind}.lzw.tif", compression="tiff_lzw")
        small(mode).save(SMALL / f"{kind}.packbits.tif", compression="packbits")
    small().save(SMALL / "rgb.raw.tif")
    small().save(SMALL / "rgb.deflate.tif", compression="tiff_adobe_deflate", tiffinfo={317: 2, 278: 7})
    quadrants().save(SMALL / "flat.packbits.tif", compression="packbits")
    for compression in ["group3", "group4"]:
        small("1").save(SMALL / f"bilevel.{compression}.tif", compression=compression)
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


def make_bmpsuite():
    """The one picture of the suite whose profile matters: its reference shows the pixels as they are stored."""
    data = (HERE / "bmpsuite" / "rgb24prof2.bmp").read_bytes()
    start, length = struct.unpack("<II", data[14 + 112 : 14 + 120])
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    converted = to_srgb(picture, data[14 + start : 14 + start + length])
    converted.save(HERE / "bmpsuite" / "reference" / "rgb24prof2.png", optimize=True)


# What other decoders see in the suites: a line for each picture with its size and the SHA-1 of its pixels, RGBA of
# eight bits. libvips reads PNG by libspng and TIFF by libtiff; TIFF that it does not read, or not right, is read here.


def to_bytes(samples, bits):
    """Samples of so many bits to eight, by way of sixteen, each rounded to the nearest."""
    samples = np.asarray(samples).astype(np.int64)
    if bits <= 8:
        return (samples * 255 + (2**bits - 1) // 2) // (2**bits - 1)
    wide = (samples * 65535 + (2**bits - 1) // 2) // (2**bits - 1) if bits <= 16 else samples >> (bits - 16)
    return (wide + 128) // 257


def rgba(planes):
    """Grey, grey and alpha, RGB or RGBA of eight bits as RGBA."""
    count = planes.shape[2]
    colors = planes[:, :, [0, 0, 0] if count < 3 else [0, 1, 2]]
    alpha = planes[:, :, -1:] if count in (2, 4) else np.full_like(planes[:, :, :1], 255)
    return np.concatenate([colors, alpha], axis=2).astype(np.uint8)


def seen_by_libvips(path):
    import pyvips

    picture = pyvips.Image.new_from_file(str(path))
    planes = picture.numpy().reshape(picture.height, picture.width, -1)
    bits = {"uchar": 8, "ushort": 16, "uint": 32}[picture.format]
    if picture.interpretation == "cmyk":
        inks = to_bytes(planes, bits)
        return rgba(np.rint((255 - inks[:, :, :3]) * (255 - inks[:, :, 3:]) / 255))
    return rgba(to_bytes(planes, bits))


def unpacked(data):
    """PackBits."""
    out, at = bytearray(), 0
    while at < len(data):
        head, at = data[at], at + 1
        if head < 128:
            out, at = out + data[at : at + head + 1], at + head + 1
        elif head > 128:
            out, at = out + data[at : at + 1] * (257 - head), at + 1
    return bytes(out)


def seen_here(path):
    """TIFF of unsigned samples of any size, not compressed or by PackBits."""
    data = path.read_bytes()
    order = "little" if data[:2] == b"II" else "big"

    def number(at, length):
        return int.from_bytes(data[at : at + length], order)

    tags, at = {258: [1], 259: [1], 277: [1], 284: [1], 338: []}, number(4, 4)
    for entry in range(at + 2, at + 2 + number(at, 2) * 12, 12):
        width, count = {1: 1, 3: 2, 4: 4}.get(number(entry + 2, 2), 8), number(entry + 4, 4)
        place = entry + 8 if width * count <= 4 else number(entry + 8, 4)
        tags[number(entry, 2)] = [number(place + i * width, width) for i in range(count)]
    (width,), (height,), (count,), bits = tags[256], tags[257], tags[277], tags[258][0]
    strips = [data[start : start + length] for start, length in zip(tags[273], tags[279])]
    if tags[259] == [32773]:
        strips = [unpacked(strip) for strip in strips]
    planar = tags[284] == [2] and count > 1
    across = width if planar else width * count
    stride = (across * bits + 7) // 8
    rows = []
    body = b"".join(strips)
    for start in range(0, len(body), stride):
        row = body[start : start + stride]
        if bits in (16, 24, 32):
            rows.append([int.from_bytes(row[i * bits // 8 : (i + 1) * bits // 8], order) for i in range(across)])
        else:
            whole = int.from_bytes(row, "big")
            rows.append([whole >> (stride * 8 - (i + 1) * bits) & 2**bits - 1 for i in range(across)])
    samples = np.array(rows, dtype=np.int64)
    samples = samples.reshape(count, height, width).transpose(1, 2, 0) if planar else samples.reshape(height, width, count)
    if tags[262] == [0]:
        samples = 2**bits - 1 - samples
    if tags[338] == [0]:
        samples = samples[:, :, :-1]
    if tags[338] == [1]:
        alpha, most = samples[:, :, -1:], 2**bits - 1
        colors = np.minimum((samples[:, :, :-1] * most + alpha // 2) // np.maximum(alpha, 1), most)
        samples = np.concatenate([np.where(alpha > 0, colors, 0), alpha], axis=2)
    return rgba(to_bytes(samples, bits))


def make_checksums():
    import pyvips

    lines = []
    for path in sorted((HERE / "pngsuite").glob("[!x]*.png")):
        lines.append((path, seen_by_libvips(path)))
    for path in sorted((HERE / "tiffsuite").glob("*.tif*")):
        # Other words for floats, signed numbers and what has no tag for them.
        if re.search(r"-(i8|i16|i32|32f|64f)|fp16|jpeg", path.name):
            continue
        has_extra = path.name.startswith(("seq-4c-8b-rgba-5", "seq-4c-16b-rgba", "minisblack-2c", "extra_bits"))
        try:
            pixels = seen_here(path) if has_extra else seen_by_libvips(path)
        except pyvips.Error:
            pixels = seen_here(path)
        lines.append((path, pixels))
    text = "".join(
        f"{path.relative_to(HERE)} {pixels.shape[1]}x{pixels.shape[0]} {hashlib.sha1(pixels.tobytes()).hexdigest()}\n"
        for path, pixels in lines
    )
    (HERE / "checksums.txt").write_text(text)
    # Decoders of JPEG may differ by a level.
    jpeg = seen_by_libvips(HERE / "tiffsuite" / "tiled-jpeg-ycbcr.tif")
    Image.fromarray(jpeg).convert("RGB").save(HERE / "reference" / "tiled-jpeg-ycbcr.png", optimize=True)


def make_photos():
    for name in ["photo-2048x1365", "photo-2048x878-progressive"]:
        reference(name, Image.open(HERE / f"{name}.jpg"), 300)
    reference("kodim23-768x512", Image.open(HERE / "kodim23-768x512.png"), 300)
    turned = Image.open(HERE / "exif-landscape-6.jpg").transpose(Image.Transpose.ROTATE_270)
    reference("exif-landscape-6", turned, 300)


# Every operation on one photograph. The tests say in which words each is asked for.


def scaled(picture, width, height):
    """The whole picture at this size, as floats."""
    planes = np.asarray(picture, dtype=np.float32)
    planes = [Image.fromarray(planes[:, :, i]).resize((width, height), Image.LANCZOS) for i in range(3)]
    return np.stack([np.asarray(plane) for plane in planes], axis=2)


def rounded(planes):
    return np.clip(np.rint(planes), 0, 255).astype(np.uint8)


def sharpened(pixels, percent):
    """An unsharp mask whose blur is 1 2 1 across and down."""
    edge = np.pad(pixels.astype(np.float32), ((1, 1), (1, 1), (0, 0)), mode="edge")
    across = edge[:, :-2] + 2 * edge[:, 1:-1] + edge[:, 2:]
    blurred = (across[:-2] + 2 * across[1:-1] + across[2:]) / 16
    return rounded(pixels + (pixels - blurred) * percent / 100)


def make_operations():
    photo = Image.open(HERE / "kodim23-768x512.png").convert("RGB")
    pixels = np.asarray(photo)
    fitted = rounded(scaled(photo, 120, 80))
    cover = rounded(scaled(photo, 144, 96))
    padded = np.full((110, 120, 3), (255, 102, 0), dtype=np.uint8)
    padded[15:95] = fitted
    tall = photo.transpose(Image.Transpose.ROTATE_270)
    pictures = {
        "cut": pixels[50:130, 100:200],
        "cut-southeast": pixels[512 - 10 - 80 : 512 - 10, 768 - 20 - 100 : 768 - 20],
        "flip-vertical": pixels[50:130, 100:200][::-1],
        "flip-horizontal": pixels[50:130, 100:200][:, ::-1],
        "fit": fitted,
        "cover": cover,
        "cover-center": cover[:, 24:120],
        "cover-focus": cover[:, 43:139],
        "exact": rounded(scaled(photo, 100, 100)),
        "pad": padded,
        "area": rounded(scaled(photo, 122, 81)),
        "percent": rounded(scaled(photo, 92, 61)),
        "percent-width": rounded(scaled(photo, 92, 512))[:96],
        "edges": rounded(scaled(tall, 80, 120)),
        "edges-cut": rounded(scaled(tall, 80, 120))[10:110],
        "sharpen": sharpened(fitted, 70),
        "grayscale": np.asarray(Image.fromarray(fitted).convert("L")),
    }
    for name, picture in pictures.items():
        Image.fromarray(np.ascontiguousarray(picture)).save(HERE / "reference" / f"operation-{name}.png", optimize=True)


if __name__ == "__main__":
    (HERE / "reference").mkdir(exist_ok=True)
    make_inks()
    make_profiles()
    make_pngs()
    make_orientations()
    make_others()
    make_small()
    make_bmpsuite()
    make_checksums()
    make_photos()
    make_references()
    make_operations()
