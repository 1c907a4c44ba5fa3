#!/usr/bin/env python3
"""Decoders and thumbnail makers of other projects, as workers of scripts/bench: libraries.py PEER

A job is a line of standard input, an answer a line of standard output. A job without "src" does nothing; its answer
contains the memory of the idle process.

  libjpeg-turbo                     {"src","scale"}, scale 1, 2, 4 or 8: decodes into memory
  libvips, pillow, pillow-lanczos   {"src","dst","box","fmt","q"}: writes a thumbnail that fits into the box. With "mode"
                                    "multi" and "sides", a list in descending order, it writes the files DST.SIDE.FMT; all
                                    are made from the first
  answers                           {"err","cpu_ms","rss_kb"}
"""
import json
import sys
import time


def libjpeg_turbo():
    """Decoding only, by libjpeg-turbo with SIMD, exact transform and smooth upsampling, into a reused buffer."""
    import numpy
    import simplejpeg

    files, buffers = {}, {}

    def prepare(job):
        if job["src"] not in files:
            with open(job["src"], "rb") as file:
                files[job["src"]] = file.read()
        data = files[job["src"]]
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
        size = -(-height // job["scale"]), -(-width // job["scale"])
        buffer = buffers.setdefault(size, numpy.zeros(size + (3,), numpy.uint8))

        def run():
            # It chooses the smallest scale with at least this size, which is exactly the scale of the job.
            pixels = simplejpeg.decode_jpeg(data, "RGB", fastdct=False, fastupsample=False, min_height=size[0],
                                            min_width=size[1], buffer=buffer, strict=False)
            assert pixels.shape[:2] == size, f"{pixels.shape} instead of {size}"
        return run
    return prepare


def several(job):
    """Returns whether a job wants several sizes, and the largest side."""
    multi = job.get("mode") == "multi"
    return multi, job["sides"][0] if multi else job["box"]


def libvips():
    """libvips with its default number of threads, which VIPS_CONCURRENCY changes."""
    import pyvips
    pyvips.cache_set_max(0)  # the operation cache would answer repeated jobs

    def save(picture, job, path):
        if job["fmt"] == "png":
            picture.pngsave(path, keep="none")
        else:
            picture.jpegsave(path, Q=job["q"], keep="none", background=[255])

    def prepare(job):
        multi, largest = several(job)

        def run():
            picture = pyvips.Image.thumbnail(job["src"], largest, height=largest, size="down")
            if not multi:
                return save(picture, job, job["dst"])
            picture = picture.copy_memory()
            for side in job["sides"]:
                save(picture.thumbnail_image(side, height=side, size="down"), job, f"{job['dst']}.{side}.{job['fmt']}")
        return run
    return prepare


def pillow(**arguments):
    """Pillow as documented, or with arguments of `Image.thumbnail`. Pillow-SIMD is the same module in another Python."""
    from PIL import Image, ImageOps
    Image.MAX_IMAGE_PIXELS = None
    try:
        import pillow_heif
        pillow_heif.register_heif_opener(decode_threads=1)
    except ImportError:  # Pillow-SIMD has it not
        pass

    def save(picture, job, path):
        if job["fmt"] == "png":
            picture.save(path, format="PNG")
        else:
            picture.save(path, format="JPEG", quality=job["q"])

    def prepare(job):
        multi, largest = several(job)

        def run():
            with Image.open(job["src"]) as picture:
                picture.thumbnail((largest, largest), **arguments)
                picture = ImageOps.exif_transpose(picture)
                if picture.mode not in ("RGB", "L"):
                    picture = picture.convert("RGB")
                if not multi:
                    return save(picture, job, job["dst"])
                for side in job["sides"]:
                    smaller = picture.copy()
                    smaller.thumbnail((side, side), **arguments)
                    save(smaller, job, f"{job['dst']}.{side}.{job['fmt']}")
        return run
    return prepare


def pillow_lanczos():
    """Pillow with settings that are both fast and sharp."""
    from PIL import Image
    return pillow(resample=Image.Resampling.LANCZOS, reducing_gap=3.0)


PEERS = {"libjpeg-turbo": libjpeg_turbo, "libvips": libvips, "pillow": pillow, "pillow-lanczos": pillow_lanczos}


def peak_rss_kb():
    """Peak memory of this program, in kB. getrusage would include its parent before exec."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def main():
    prepare = PEERS[sys.argv[1]]()
    for line in sys.stdin:
        job, error, cpu = json.loads(line), None, 0.0
        if job.get("src"):
            try:
                run = prepare(job)
                cpu = time.process_time()
                run()
                cpu = time.process_time() - cpu
            except Exception as exception:  # any failure of a peer is its answer
                error, cpu = f"{type(exception).__name__}: {exception}"[:200], 0.0
        answer = {"err": error, "cpu_ms": cpu * 1e3, "rss_kb": peak_rss_kb()}
        print(json.dumps(answer), flush=True)


main()
