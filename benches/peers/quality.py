#!/usr/bin/env python3
"""Reference thumbnails and test pictures of scripts/bench.

A reference thumbnail is scaled from every decoded pixel by Lanczos-3 in floating point, and rounded once.

  quality.py reference SRC BOX PNG           writes a reference; prints "smaller" when the picture fits into the box. BOX is
                                             a side, or an exact WIDTHxHEIGHT
  quality.py pixels SRC PNG                  writes the pixels of a picture
  quality.py psnr PNG PNG                    prints the PSNR of two pictures over RGB, in dB
  quality.py mosaic PHOTO WIDTH HEIGHT FILE  writes a large picture of copies of a photograph
  quality.py chart WIDTH HEIGHT SAMPLING FILE
                                             writes text and bars in saturated colours on saturated grounds as JPEG
  quality.py convert SRC FILE                writes the same pixels in a lossless format; ".interlaced." and ".tiles." in
                                             the file name select these variants
  quality.py progressive JPEG JPEG           decodes and encodes again as progressive (where jpegtran is not installed)
"""
import sys

import numpy
import pillow_heif
from PIL import Image, ImageDraw, ImageFont, ImageOps

Image.MAX_IMAGE_PIXELS = None
pillow_heif.register_heif_opener()


def reference(source, box, target):
    picture = ImageOps.exif_transpose(Image.open(source)).convert("RGB")
    if "x" in box:
        scale, size = 0, tuple(map(int, box.split("x")))
    else:
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
    """Copies side by side. Every second copy is mirrored, so that the borders match."""
    photo = Image.open(photo).convert("RGB")
    large = Image.new("RGB", (int(width), int(height)))
    for row in range(-(-large.height // photo.height)):
        for column in range(-(-large.width // photo.width)):
            tile = ImageOps.mirror(photo) if column % 2 else photo
            tile = ImageOps.flip(tile) if row % 2 else tile
            large.paste(tile, (column * photo.width, row * photo.height))
    options = {"avif": {"quality": 65}, "heic": {"quality": 70}, "webp": {"quality": 80}}
    jpeg = {"quality": 90, "subsampling": "4:2:0", "optimize": True}
    large.save(target, **options.get(target.rpartition(".")[2], jpeg))


def chart(width, height, sampling, target):
    """Eight by eight cells, each of one ground and one ink: lines of text, or bars, from small to large."""
    colours = ["#ff0000", "#00ff00", "#0000ff", "#00ffff", "#ff00ff", "#ffff00", "#ff8000", "#8000ff"]
    picture, cells = Image.new("RGB", (int(width), int(height))), len(colours)
    across, down = picture.width // cells, picture.height // cells
    for row in range(cells):
        for column in range(cells):
            ground = (row + column) % cells
            ink = colours[(ground + 1 + row % (cells - 1)) % cells]
            cell = Image.new("RGB", (across, down), colours[ground])
            if column % 2:
                draw_text(cell, ink)
            else:
                draw_bars(cell, ink, upright=row % 2 == 0)
            picture.paste(cell, (column * across, row * down))
    picture.save(target, quality=90, subsampling=sampling)


def draw_text(cell, ink):
    top = 4
    for size in (18, 24, 32, 44, 60, 84):
        ImageDraw.Draw(cell).text((4, top), "Total 3,708 kWh (west) & 95% of R2-D2 " * 3, ink, ImageFont.load_default(size))
        top += size * 5 // 4


def draw_bars(cell, ink, upright):
    """Bars of 2, 4, 6, ... pixels with gaps as wide as they are."""
    start, thickness = 4, 2
    while start < max(cell.size):
        box = (start, 4, start + thickness - 1, cell.height - 5) if upright else (4, start, cell.width - 5, start + thickness - 1)
        ImageDraw.Draw(cell).rectangle(box, fill=ink)
        start, thickness = start + 2 * thickness, thickness + 2


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


{"reference": reference, "pixels": pixels, "psnr": psnr, "mosaic": mosaic, "chart": chart, "convert": convert,
 "progressive": progressive}[sys.argv[1]](*sys.argv[2:])
