"""HEIC files by pillow-heif (libheif with x265), and their references by the same (libheif with libde265).

This module writes the boxes of the grid, whose tiles x265 has coded.
"""
import io
import struct

import numpy as np
import pillow_heif
from PIL import Image

from .avif import box, container, ispe
from .common import HERE, PHOTO, with_alpha

FOLDER = HERE / "heic"
# Not whole blocks of 8 pixels.
SIZE = (122, 90)
TILE = 64


def boxes(content):
    """The kinds and whole boxes of a container."""
    while content:
        length = struct.unpack(">I", content[:4])[0]
        yield content[4:8], content[:length]
        content = content[length:]


def coded(picture):
    """The `hvcC` box and the coded bytes that libheif makes of an image of whole blocks."""
    out = io.BytesIO()
    pillow_heif.from_pillow(picture).save(out, quality=70)
    file = out.getvalue()
    config = file.index(b"hvcC")
    length = struct.unpack(">I", file[config - 4 : config])[0]
    data = next(whole for kind, whole in boxes(file) if kind == b"mdat")
    return file[config - 4 : config - 4 + length], data[8:]


def make_grid():
    """Six tiles, of which those at the right and lower edge extend past the image."""
    picture = PHOTO.resize((170, 106))
    columns, rows = 3, 2
    whole = Image.new("RGB", (columns * TILE, rows * TILE), (128, 128, 128))
    whole.paste(picture)
    corners = [(x * TILE, y * TILE) for y in range(rows) for x in range(columns)]
    tiles = [coded(whole.crop((x, y, x + TILE, y + TILE))) for x, y in corners]
    items = [(b"hvc1", data, [config, ispe(TILE, TILE)]) for config, data in tiles]
    content = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *picture.size)
    references = box(b"dimg", struct.pack(f">HH{len(items)}H", 1, len(items), *range(2, len(items) + 2)))
    file = container([(b"grid", content, [ispe(*picture.size)]), *items], references, b"heicmif1")
    (FOLDER / "grid.heic").write_bytes(file)


def make_heics():
    """Every kind of samples, alpha, rotation and a grid, each with its reference."""
    FOLDER.mkdir(exist_ok=True)
    photo = PHOTO.resize(SIZE)
    for chroma in (420, 422, 444):
        pillow_heif.from_pillow(photo).save(FOLDER / f"rgb-{chroma}.heic", quality=70, chroma=chroma)
    for bits in (10, 12):
        wide = np.asarray(photo).astype(np.uint16) * 257
        pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
        file = pillow_heif.from_bytes("RGB;16", SIZE, wide.tobytes())
        file.save(FOLDER / f"deep-{bits}.heic", quality=70, chroma=444)
    pillow_heif.from_pillow(photo.convert("L")).save(FOLDER / "grey.heic", quality=70)
    pillow_heif.from_pillow(with_alpha().resize(SIZE)).save(FOLDER / "rgba.heic", quality=70, chroma=444)
    turned, exif = pillow_heif.from_pillow(photo), Image.Exif()
    # libheif stores the orientation as a rotation.
    exif[0x112], exif[0x8298] = 6, "A. Author"
    turned[0].info["exif"] = exif.tobytes()
    turned.save(FOLDER / "orientation-6.heic", quality=70, chroma=444)
    make_grid()
    for path in sorted(FOLDER.glob("*.hei?")):
        # It must be refused.
        if path.stem == "rgb-422":
            continue
        file = pillow_heif.open_heif(path, convert_hdr_to_8bit=True)
        file[file.primary_index].to_pillow().save(FOLDER / f"{path.stem}.png", optimize=True)
