"""JPEG XL, and formats of games, film and old systems, by libjxl, Pillow, OpenCV and OpenEXR."""
import io
import pathlib
import subprocess
import tempfile

import cv2
import imagecodecs
import numpy as np
import OpenEXR
import pillow_jxl  # noqa: F401, a plugin of Pillow
from PIL import Image, ImageCms

from .common import HERE, PHOTO, lanczos, quadrants, reference, small, with_alpha

SUITE = HERE / "jxlsuite"


def run(*arguments):
    subprocess.run([str(argument) for argument in arguments], check=True, capture_output=True)


def make_jxl():
    """JPEG XL by cjxl: lossy in XYB, lossless with alpha, progressive, an original JPEG, and one with EXIF and a profile."""
    with tempfile.TemporaryDirectory() as folder:
        picture = pathlib.Path(folder) / "picture.png"

        def write(name, image, *options):
            image.save(picture)
            run("cjxl", picture, HERE / f"{name}.jxl", *options)

        write("rgb", PHOTO, "-d", "1", "--progressive_ac", "--progressive_dc=0")
        write("rgba", with_alpha(), "-d", "0", "-e", "3")
        write("grey", PHOTO.convert("L"), "-d", "1")
        run("cjxl", HERE / "orientation-6.jpg", HERE / "orientation-6.jxl")
        # The picture of megapixels-12.avif.
        y, x = np.mgrid[0:3000, 0:4000]
        planes = [x * 255 // 3999, y * 255 // 2999, (x // 400 + y // 300) % 2 * 120 + 60]
        large = Image.fromarray(np.stack(planes, axis=2).astype(np.uint8))
        write("megapixels-12", large, "-d", "4", "-e", "4", "--patches=0", "--dots=0")
        wide = Image.open(HERE / "adobe-rgb.jpg")
        wide.save(picture, icc_profile=wide.info["icc_profile"])
        run("cjxl", picture, HERE / "adobe-rgb.jxl", "-d", "1", "--container=1")
    exif = Image.Exif()
    exif[0x013B], exif[0x8298] = "A. Artist", "(c) A. Artist"
    # The offset of the TIFF header from there, and what Pillow has behind its own prefix. The box stands before the pixels.
    content = bytes(4) + exif.tobytes().removeprefix(b"Exif\0\0")
    file = (HERE / "adobe-rgb.jxl").read_bytes()
    at = file.index(b"jxlc") - 4
    box = (len(content) + 8).to_bytes(4, "big") + b"Exif" + content
    (HERE / "adobe-rgb.jxl").write_bytes(file[:at] + box + file[at:])


# Largest samples of files of more than eight bits.
DEEP = {"alpha-triangles": 511, "blend-modes": 4095, "permuted": 65535, "premultiplied": 4095}


def make_jxl_references():
    """What libjxl makes of the suite, in sRGB, scaled to at most 64 pixels. High dynamic range and what is
    refused have no reference."""
    (SUITE / "reference").mkdir(exist_ok=True)
    for path in sorted(SUITE.glob("*.jxl")):
        if path.stem in ("hlg", "layers", "pq"):
            continue
        seen = imagecodecs.jpegxl_decode(path.read_bytes())
        if path.stem == "animation":
            seen = seen[0]
        seen = seen.astype(np.float64) * 255 / DEEP.get(path.stem, 255)
        if path.stem == "premultiplied":
            seen[:, :, :3] *= 255 / np.maximum(seen[:, :, 3:], 1e-6)
        seen = np.clip(np.rint(seen), 0, 255).astype(np.uint8)
        picture = Image.fromarray(seen)
        # LittleCMS converts what has a profile.
        profile = Image.open(path).info.get("icc_profile") if path.stem in ("grey-alpha-patches", "grey-xyb-profile", "jpeg") else None
        if profile:
            grey = picture.getchannel(0)
            profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            seen = ImageCms.profileToProfile(grey, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if len(picture.getbands()) == 2:
                seen.putalpha(picture.getchannel(1))
            picture = seen
        planes = np.clip(np.rint(lanczos(picture.convert("RGBA"), min(64, max(picture.size)))), 0, 255).astype(np.uint8)
        Image.fromarray(planes).save(SUITE / "reference" / f"{path.stem}.png", optimize=True)


def light(picture):
    """Linear light of sRGB, as floats in OpenCV's order."""
    code = np.asarray(picture, dtype=np.float32) / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return np.ascontiguousarray(linear[:, :, [2, 1, 0, 3][: linear.shape[2]]].astype(np.float32))


def make_rare():
    """References of these are what Pillow reads of them, or the picture itself."""
    translucent = with_alpha().resize((48, 32))
    small().save(HERE / "small.tga", compression="tga_rle")
    translucent.save(HERE / "small-alpha.tga")
    small().save(HERE / "small.pcx")
    small().quantize(200).save(HERE / "small-palette.pcx")
    sizes = [(16, 16), (32, 32), (48, 48)]
    icon = with_alpha().resize((48, 48), Image.LANCZOS)
    icon.save(HERE / "icon.ico", sizes=sizes)
    icon.save(HERE / "icon-bmp.ico", sizes=sizes, bitmap_format="bmp")
    translucent.save(HERE / "dxt5.dds", pixel_format="DXT5")
    samples = (np.asarray(translucent).astype(np.uint32) * 257).astype(">u2")
    (HERE / "small-alpha.ff").write_bytes(b"farbfeld" + np.array([48, 32], dtype=">u4").tobytes() + samples.tobytes())
    cv2.imwrite(str(HERE / "small.hdr"), light(small()))
    channels = {"RGB": np.ascontiguousarray(light(small())[:, :, ::-1]).astype(np.float16)}
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, channels).write(str(HERE / "small.exr"))
    flat = quadrants()
    flat.save(HERE / "small" / "flat.tga", compression="tga_rle")
    flat.save(HERE / "small" / "flat.pcx")
    flat.save(HERE / "small" / "flat.ico", sizes=[flat.size], bitmap_format="bmp")
    run("cjxl", HERE / "small" / "flat.png", HERE / "small" / "flat.jxl", "-d", "0")
    seen = small()
    reference("small", seen, 48)
    reference("small-palette", Image.open(HERE / "small-palette.pcx").convert("RGB"), 48)
    reference("icon", icon, 48)
    reference("dxt5", Image.open(HERE / "dxt5.dds"), 48)
    reference("small-alpha", translucent, 48)
