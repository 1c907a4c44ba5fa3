"""The pixels that other decoders read from the suites, as checksums.

A line for each file has its size and the SHA-1 of its pixels, RGBA of eight bits. libvips reads PNG by libspng and TIFF
by libtiff. This module reads the kinds of TIFF that libvips does not read, or reads differently, and tifffile signed and
floating-point samples. Files of colours that decoders round differently have references in tiffsuite/reference instead.
"""
import hashlib
import re

import numpy as np
import pyvips
import tifffile
from PIL import Image, ImageCms

from .common import HERE


def to_bytes(samples, bits):
    """Samples of `bits` bits as eight bits: more than eight go through sixteen, each step rounded to the nearest."""
    samples = np.asarray(samples).astype(np.int64)
    if bits <= 8:
        return (samples * 255 + (2**bits - 1) // 2) // (2**bits - 1)
    wide = (samples * 65535 + (2**bits - 1) // 2) // (2**bits - 1) if bits <= 16 else samples >> (bits - 16)
    return (wide + 128) // 257


def rgba(planes):
    """Grey, grey with alpha, RGB or RGBA of eight bits, as RGBA."""
    count = planes.shape[2]
    colors = planes[:, :, [0, 0, 0] if count < 3 else [0, 1, 2]]
    alpha = planes[:, :, -1:] if count in (2, 4) else np.full_like(planes[:, :, :1], 255)
    return np.concatenate([colors, alpha], axis=2).astype(np.uint8)


def read_by_libvips(path):
    picture = pyvips.Image.new_from_file(str(path))
    planes = picture.numpy().reshape(picture.height, picture.width, -1)
    bits = {"uchar": 8, "ushort": 16, "uint": 32}[picture.format]
    if picture.interpretation == "cmyk":
        inks = to_bytes(planes, bits)
        return rgba(np.rint((255 - inks[:, :, :3]) * (255 - inks[:, :, 3:]) / 255))
    return rgba(to_bytes(planes, bits))


def unpack_bits(data):
    """The bytes that PackBits coded."""
    out, at = bytearray(), 0
    while at < len(data):
        head, at = data[at], at + 1
        if head < 128:
            out, at = out + data[at : at + head + 1], at + head + 1
        elif head > 128:
            out, at = out + data[at : at + 1] * (257 - head), at + 1
    return bytes(out)


def read_tiff(path):
    """RGBA of a TIFF of unsigned samples of any size, uncompressed or compressed by PackBits."""
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
        strips = [unpack_bits(strip) for strip in strips]
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


def read_numbers(path):
    """Signed and floating-point samples: see src/imaging/decode/tiff/numbers.rs."""
    values = tifffile.imread(path).astype(np.float64)
    planes = values.reshape(*values.shape[:2], -1)
    page = tifffile.TiffFile(path).pages[0]
    is_float = page.dtype.kind == "f"
    if page.photometric == 1:
        planes = planes[:, :, :1]
    if is_float and planes.shape[2] == 3:
        light = np.clip(planes, 0, 1)
        parts = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    else:
        least, most = planes.min(), planes.max()
        if least >= 0 and most <= 1 and is_float:
            least, most = 0, 1
        elif least >= 0 and most <= 255:
            least, most = 0, 255
        parts = (planes - least) / (most - least)
    return rgba(to_bytes(np.floor(parts * 65535 + 0.5), 16))


def make_tiff_references():
    """YCbCr as libtiff converts it, CIELAB as LittleCMS does, JPEG of the old kind by libtiff and libjpeg-turbo."""
    folder = HERE / "tiffsuite" / "reference"
    folder.mkdir(exist_ok=True)
    to_srgb = ImageCms.buildTransform(ImageCms.createProfile("LAB", 5000), ImageCms.createProfile("sRGB"), "LAB", "RGB", 1)
    for path in sorted((HERE / "tiffsuite").glob("*.tif")):
        if path.name.startswith("lab"):
            picture = ImageCms.applyTransform(Image.open(path), to_srgb)
        elif path.name.startswith("flower-ycbcr-separate"):
            # libvips does not read it; it has the pixels of another.
            picture = Image.open(folder / "flower-ycbcr-contig-08.png")
        elif path.name.startswith(("flower-ycbcr-contig", "smallliz", "zackthecat")):
            picture = Image.open(path).convert("RGB")
        elif path.name.startswith("flower-ycbcr"):
            # libvips reads YCbCr by the function of libtiff that gives RGBA of anything.
            picture = Image.fromarray(pyvips.Image.new_from_file(str(path)).numpy()).convert("RGB")
        else:
            continue
        picture.save(folder / f"{path.stem}.png", optimize=True)


def make_checksums():
    lines = []
    for path in sorted((HERE / "pngsuite").glob("[!x]*.png")):
        lines.append((path, read_by_libvips(path)))
    for path in sorted((HERE / "tiffsuite").glob("*.tif*")):
        if re.search(r"-(i8|i16|i32|32f|64f)|fp16", path.name):
            lines.append((path, read_numbers(path)))
            continue
        # These have references instead.
        if re.search(r"jpeg|^lab|ycbcr|smallliz|zackthecat", path.name):
            continue
        has_extra = path.name.startswith(("seq-4c-8b-rgba-5", "seq-4c-16b-rgba", "minisblack-2c", "extra_bits"))
        try:
            pixels = read_tiff(path) if has_extra else read_by_libvips(path)
        except pyvips.Error:
            pixels = read_tiff(path)
        lines.append((path, pixels))
    text = "".join(
        f"{path.relative_to(HERE)} {pixels.shape[1]}x{pixels.shape[0]} {hashlib.sha1(pixels.tobytes()).hexdigest()}\n"
        for path, pixels in lines
    )
    (HERE / "checksums.txt").write_text(text)
    # JPEG decoders may differ by one level, so this file has a reference instead of a checksum.
    jpeg = read_by_libvips(HERE / "tiffsuite" / "tiled-jpeg-ycbcr.tif")
    Image.fromarray(jpeg).convert("RGB").save(HERE / "reference" / "tiled-jpeg-ycbcr.png", optimize=True)
