#!/usr/bin/env python3
"""The yardstick of scripts/bench: every pixel decoded, scaled by Lanczos-3 in floating point, rounded once.

  quality.py reference SRC BOX PNG    writes it; says so when the picture is smaller than the box
  quality.py pixels SRC PNG           writes the pixels of another format
  quality.py psnr PNG PNG             prints how near two pictures are, dB over RGB
  quality.py mosaic PHOTO WIDTH HEIGHT FILE     a large photograph out of copies of a smaller one
  quality.py convert SRC FILE                   the same pixels in a lossless format, interlaced or in tiles if the name has it
  quality.py progressive JPEG JPEG              the same pixels, decoded and written anew (where there is no jpegtran)
"""
import sys

import numpy
from PIL import Image, ImageOps

Image.MAX_IMAGE_PIXELS = None


def reference(source, box, target):
    picture = ImageOps.exif_transpose(Image.open(source)).convert("RGB")
    scale = min(int(box) / picture.width, int(box) / picture.height, 1)
    size = max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)
    planes = [plane.convert("F").resize(size, Image.Resampling.LANCZOS) for plane in picture.split()]
    pixels = numpy.stack([numpy.asarray(plane) for plane in planes], -1)
    Image.fromarray(numpy.clip(numpy.rint(pixels), 0, 255).astype(numpy.uint8)).save(target)
    if scale == 1:
        print("smaller")


def pixels(source, target):
    Image.open(source).convert("RGB").save(target)


def psnr(one, other):
    one, other = (numpy.asarray(Image.open(path).convert("RGB"), numpy.float64) for path in (one, other))
    if one.shape != other.shape:
        sys.exit(f"{other.shape[1]}x{other.shape[0]} instead of {one.shape[1]}x{one.shape[0]}")
    error = ((one - other) ** 2).mean()
    print(f"{10 * numpy.log10(255 ** 2 / error) if error else 99:.1f}")


def mosaic(photo, width, height, target):
    """Copies side by side, each second one mirrored, so that no seam shows."""
    photo = Image.open(photo).convert("RGB")
    large = Image.new("RGB", (int(width), int(height)))
    for row in range(-(-large.height // photo.height)):
        for column in range(-(-large.width // photo.width)):
            tile = ImageOps.mirror(photo) if column % 2 else photo
            tile = ImageOps.flip(tile) if row % 2 else tile
            large.paste(tile, (column * photo.width, row * photo.height))
    options = {"avif": {"quality": 65}, "webp": {"quality": 80}}
    jpeg = {"quality": 90, "subsampling": "4:2:0", "optimize": True}
    large.save(target, **options.get(target.rpartition(".")[2], jpeg))


def convert(source, target):
    if ".interlaced." in target or ".tiles." in target:
        import pyvips
        picture = pyvips.Image.new_from_file(source)
        tiles = {"compression": "deflate", "tile": True, "tile_width": 256, "tile_height": 256}
        picture.write_to_file(target, **({"interlace": True} if ".interlaced." in target else tiles))
        return
    options = {"tif": {"compression": "tiff_lzw", "tiffinfo": {317: 2}}}
    Image.open(source).convert("RGB").save(target, **options.get(target.rpartition(".")[2], {}))


def progressive(source, target):
    Image.open(source).save(target, quality=90, subsampling="4:2:0", progressive=True)


{"reference": reference, "pixels": pixels, "psnr": psnr, "mosaic": mosaic, "convert": convert, "progressive": progressive}[sys.argv[1]](*sys.argv[2:])
