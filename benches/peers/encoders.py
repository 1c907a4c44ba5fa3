#!/usr/bin/env python3
"""Encoders of other projects, as a worker of scripts/bench: encoders.py

A job is a line of standard input, {"src","dst","encoder","q","rounds"}, where src is a PNG file. An answer is a line of
standard output, {"err","cpu_ms"}: the shortest of the rounds. Only encoding from memory to memory is measured; with 0
rounds the file is written once, and nothing is measured. The encoder "pixels" writes the pixels of a file as PNG.

  libjpeg-turbo        in Pillow, with Huffman tables optimised for the picture, 4:2:0
  libjpeg-turbo-444    the same, 4:4:4
  mozjpeg              in libvips, with trellis quantisation and its own tables, baseline, 4:2:0
  mozjpeg-progressive  the same as a progressive file with optimised scans
  mozjpeg-444          the same, progressive, 4:4:4
  libwebp              in Pillow, method 4
  libwebp-6            in Pillow, method 6
  libaom               AVIF in Pillow, speed 6, 4:2:0
"""
import io
import json
import sys
import time


def pillow(kind, **options):
    def prepare(source, quality):
        from PIL import Image
        picture = Image.open(source).convert("RGB")

        def run():
            out = io.BytesIO()
            picture.save(out, kind, quality=quality, **options)
            return out.getvalue()
        return run
    return prepare


def mozjpeg(progressive, subsample="on"):
    def prepare(source, quality):
        import pyvips
        pyvips.cache_set_max(0)  # the operation cache would return the previous file of the same name
        picture = pyvips.Image.new_from_file(source).copy_memory()
        return lambda: picture.jpegsave_buffer(
            Q=quality, optimize_coding=True, trellis_quant=True, overshoot_deringing=True, quant_table=3,
            interlace=progressive, optimize_scans=progressive, subsample_mode=subsample, keep="none")
    return prepare


ENCODERS = {
    "libjpeg-turbo": pillow("JPEG", subsampling="4:2:0", optimize=True),
    "libjpeg-turbo-444": pillow("JPEG", subsampling="4:4:4", optimize=True),
    "mozjpeg": mozjpeg(False),
    "mozjpeg-progressive": mozjpeg(True),
    "mozjpeg-444": mozjpeg(True, "off"),
    "libwebp": pillow("WEBP", method=4),
    "libwebp-6": pillow("WEBP", method=6),
    "libaom": pillow("AVIF", speed=6, subsampling="4:2:0", max_threads=1),
}


def write_pixels(source, target):
    from PIL import Image
    Image.open(source).convert("RGB").save(target, compress_level=0)


def main():
    for line in sys.stdin:
        job, error, shortest = json.loads(line), None, 0.0
        try:
            if job["encoder"] == "pixels":
                write_pixels(job["src"], job["dst"])
            else:
                run, times = ENCODERS[job["encoder"]](job["src"], job["q"]), []
                data = run()
                for _ in range(job["rounds"]):
                    start = time.process_time()
                    run()
                    times.append(time.process_time() - start)
                shortest = min(times, default=0.0)
                with open(job["dst"], "wb") as file:
                    file.write(data)
        except Exception as exception:  # any failure of a peer is its answer
            error = f"{type(exception).__name__}: {exception}"[:200]
        print(json.dumps({"err": error, "cpu_ms": shortest * 1e3}), flush=True)


main()
