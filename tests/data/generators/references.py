"""References of images that other modules or other people made, and of every operation on one photograph."""
import numpy as np
from PIL import Image

from .common import HERE, quadrants, reference


def make_photos():
    """References of photographs."""
    for name in ["photo-2048x1365", "photo-2048x878-progressive"]:
        reference(name, Image.open(HERE / f"{name}.jpg"), 300)
    reference("kodim23-768x512", Image.open(HERE / "kodim23-768x512.png"), 300)
    turned = Image.open(HERE / "exif-landscape-6.jpg").transpose(Image.Transpose.ROTATE_270)
    reference("exif-landscape-6", turned, 300)


def make_references():
    """References of images that no other module has: the pixels that Pillow reads, of sixteen bits the upper eight."""

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


def scaled(picture, width, height):
    """The whole image at this size, as floats."""
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
    """References of operations. The tests name the operation of each."""
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
