"""Images of four inks: JPEG as Adobe writes it, and TIFF."""
import io
import struct

import numpy as np
from PIL import Image

from .common import HERE, PHOTO, reference


def cmyk():
    """The photograph in four inks: half of the common part of the colours becomes black."""
    rgb = 255 - np.asarray(PHOTO, dtype=np.int32)
    black = rgb.min(axis=2, keepdims=True) // 2
    return np.concatenate([rgb - black, black], axis=2).clip(0, 255).astype(np.uint8)


def plain_rgb(inks):
    """The colours of inks without a profile."""
    inks = inks.astype(np.float32)
    rgb = (255 - inks[:, :, :3]) * (255 - inks[:, :, 3:]) / 255
    return Image.fromarray(np.rint(rgb).astype(np.uint8))


def segment(data, marker):
    """Start and length of a segment, its marker included."""
    at = 2
    while data[at + 1] != marker:
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return at, 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]


def jpeg(stored, transform):
    """A JPEG with these stored samples. Pillow inverts samples when it writes, so they are inverted before.

    `transform` goes into the APP14 segment; None removes the segment.
    """
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
    """YCCK samples of inks: YCbCr of the inverted colours, and inverted black."""
    r, g, b = (inks[:, :, i].astype(np.float32) for i in range(3))
    y = 0.299 * r + 0.587 * g + 0.114 * b
    planes = [y, (b - y) / 1.772 + 128, (r - y) / 1.402 + 128, 255.0 - inks[:, :, 3]]
    return np.clip(np.rint(np.stack(planes, axis=2)), 0, 255).astype(np.uint8)


def make_cmyk():
    inks = cmyk()
    reference("cmyk", plain_rgb(inks), 80)
    (HERE / "cmyk-adobe.jpg").write_bytes(jpeg(255 - inks, 0))
    (HERE / "cmyk-bare.jpg").write_bytes(jpeg(255 - inks, None))
    (HERE / "ycck-adobe.jpg").write_bytes(jpeg(ycck(inks), 2))
    Image.fromarray(inks, "CMYK").save(HERE / "cmyk.tif", compression="tiff_lzw")
