"""The photograph in other formats, an image in each orientation, and files that are cut or false."""
from PIL import Image

from .common import HERE, PHOTO, quadrants, small, with_alpha
from .png import png


def make_orientations():
    """Eight files whose tag turns them upright: red and green above blue and yellow."""
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


def make_formats():
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
