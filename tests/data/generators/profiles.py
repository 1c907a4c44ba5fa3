"""Images with ICC profiles: a matrix and one gamma, version 2. LittleCMS converts the colours of their references."""
import io
import struct

import numpy as np
from PIL import Image, ImageCms

from .common import HERE, PHOTO, reference


def profile(primaries, gamma):
    """A profile of RGB with white at D65 and one gamma for all channels."""
    white = np.array([0.9642, 1.0, 0.8249])
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    # Bradford adaptation from D65 to D50, the white of profiles.
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
    """The image in sRGB, converted by LittleCMS."""
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


def make_bmpsuite():
    """The reference of the one file of the suite with a relevant profile. The suite's own has the stored pixels."""
    data = (HERE / "bmpsuite" / "rgb24prof2.bmp").read_bytes()
    start, length = struct.unpack("<II", data[14 + 112 : 14 + 120])
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    converted = to_srgb(picture, data[14 + start : 14 + start + length])
    converted.save(HERE / "bmpsuite" / "reference" / "rgb24prof2.png", optimize=True)
