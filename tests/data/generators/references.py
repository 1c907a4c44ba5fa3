"""References of images that other modules or other people made, and of every operation on one photograph."""
import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

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


def blurred(pixels, radius, sigma):
    """The pixels weighted by a sampled and cut Gaussian bell, colours times alpha."""
    planes = pixels.astype(np.float64)
    if planes.shape[2] == 4:
        planes[:, :, :3] *= planes[:, :, 3:] / 255
    planes = ndimage.gaussian_filter(planes, sigma, radius=radius, axes=(0, 1), mode="nearest")
    if planes.shape[2] == 4:
        planes[:, :, :3] *= 255 / np.maximum(planes[:, :, 3:], 1e-9)
    return rounded(planes)


def with_corners(pixels, radius, fine=64):
    """The pixels with the share of each that lies inside of round corners as alpha, from a mask of many points."""
    height, width = pixels.shape[:2]
    points = (np.arange(width * fine) + 0.5) / fine, (np.arange(height * fine) + 0.5) / fine
    beyond = [np.maximum(0, np.maximum(radius - axis, axis - (length - radius)))
              for axis, length in zip(points, (width, height))]
    inside = beyond[1][:, None] ** 2 + beyond[0][None, :] ** 2 <= radius ** 2
    alpha = inside.reshape(height, fine, width, fine).mean(axis=(1, 3)) * 255
    return np.dstack([pixels, rounded(alpha)])


def make_watermark():
    """A logo: a disc with a soft edge and letters, on nothing."""
    fine = Image.new("RGBA", (48 * 8, 20 * 8))
    draw = ImageDraw.Draw(fine)
    draw.ellipse((8, 8, 151, 151), fill=(220, 40, 40, 255))
    draw.rectangle((184, 40, 368, 64), fill=(255, 255, 255, 200))
    draw.rectangle((184, 96, 312, 120), fill=(20, 60, 200, 120))
    (HERE / "watermarks").mkdir(exist_ok=True)
    fine.resize((48, 20), Image.BOX).save(HERE / "watermarks" / "logo.png", optimize=True)


def marked(pixels, places, opacity):
    """The pixels under the logo at these places, by Pillow."""
    logo = np.asarray(Image.open(HERE / "watermarks" / "logo.png")).astype(np.float64)
    logo[:, :, 3] = np.rint(logo[:, :, 3] * opacity / 100)
    logo = Image.fromarray(logo.astype(np.uint8))
    picture = Image.fromarray(pixels).convert("RGBA")
    for left, top in places:
        layer = Image.new("RGBA", picture.size)
        layer.paste(logo, (left, top))
        picture = Image.alpha_composite(picture, layer)
    return np.asarray(picture)


def make_effects():
    """References of effects on a part of the photograph, whose pixels are exact. The tests name the operation of each."""
    make_watermark()
    pixels = np.asarray(Image.open(HERE / "kodim23-768x512.png").convert("RGB"))[50:130, 100:200]
    circle = with_corners(pixels[10:70, 20:80], 30)
    pictures = {
        "blur": blurred(pixels, 8, 5),
        "blur-small": blurred(pixels, 3, 1),
        "blur-large": blurred(pixels, 50, 100),
        "circle": circle,
        "circle-blur": blurred(circle, 4, 2),
        "circle-marked": marked(circle, [(60 - 48 - 2, 60 - 20 - 3)], 60),
        "corners": with_corners(pixels, 20),
        "corners-half": with_corners(pixels, 40),
        "marked": marked(pixels, [(100 - 48 - 5, 80 - 20 - 7)], 90),
        "marked-center": marked(pixels, [(26, 30)], 100),
        "marked-tiles": marked(pixels, [(x, y) for y in range(0, 80, 30) for x in range(0, 100, 50)], 40),
    }
    for name, picture in pictures.items():
        Image.fromarray(np.ascontiguousarray(picture)).save(HERE / "reference" / f"effect-{name}.png", optimize=True)
