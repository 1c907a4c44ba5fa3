"""The photograph and drawings that the images are made from, and the references in floating point.

A reference is computed by Pillow from every pixel of the source: Lanczos, alpha premultiplied.
"""
import pathlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent.parent
PHOTO = Image.open(HERE / "kodim23-768x512.png").convert("RGB").resize((192, 128), Image.LANCZOS)


def ramp():
    """Alpha that rises from left to right, with a transparent disc in the middle."""
    y, x = np.mgrid[0:128, 0:192]
    alpha = (x * 255 // 191).astype(np.uint8)
    alpha[(x - 96) ** 2 + (y - 64) ** 2 < 900] = 0
    return Image.fromarray(alpha)


def with_alpha():
    picture = PHOTO.copy()
    picture.putalpha(ramp())
    return picture


def quadrants():
    """Red and green above blue and yellow."""
    picture = Image.new("RGB", (48, 32), (200, 30, 30))
    picture.paste((30, 180, 30), (24, 0, 48, 16))
    picture.paste((30, 30, 200), (0, 16, 24, 32))
    picture.paste((220, 220, 40), (24, 16, 48, 32))
    return picture


def small(mode="RGB"):
    """The photograph at 48x32."""
    picture = PHOTO.resize((48, 32), Image.LANCZOS)
    if mode in ("RGBA", "LA"):
        picture.putalpha(ramp().resize((48, 32)))
    return picture.convert(mode)


def small_16(mode="RGB"):
    """Rows of samples of sixteen bits whose low bytes differ from their high bytes."""
    samples = np.asarray(small(mode)).reshape(32, -1).astype(np.uint32) * 257
    return np.clip(samples + (np.arange(samples.shape[1]) * 37 % 200), 0, 65535).astype(np.uint16)


def lanczos(picture, box):
    """The whole image, fitted inside a square of `box` pixels, as floats with straight alpha."""
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
    """Writes reference/NAME.png; `depth` is the largest sample of the image."""
    planes = lanczos(picture, box) * (255 / depth)
    planes = np.clip(np.rint(planes), 0, 255).astype(np.uint8)
    if planes.shape[2] == 1:
        planes = planes[:, :, 0]
    Image.fromarray(planes).save(HERE / "reference" / f"{name}.png", optimize=True)
