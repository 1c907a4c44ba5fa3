#!/usr/bin/env python3
"""JPEG and WebP encoders of other projects, as a worker of scripts/bench: encoders.py

A job is a line of standard input, {"src","dst","encoder","q"}, where src is a PNG file. An answer is a line of standard
output, {"err","cpu_ms"}: the shortest of several times. Only encoding from memory to memory is measured.

  libjpeg-turbo        in Pillow, with Huffman tables optimised for the picture, 4:2:0
  mozjpeg              in libvips, with trellis quantisation and its own tables, baseline, 4:2:0
  mozjpeg-progressive  the same as a progressive file with optimised scans
  webp                 libwebp in Pillow, lossy, method 4
"""
import io
import json
import sys
import time

ROUNDS = 15


def libjpeg_turbo(source, quality):
    from PIL import Image
    picture = Image.open(source).convert("RGB")

    def run():
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, subsampling="4:2:0", optimize=True)
        return out.getvalue()
    return run


def mozjpeg(progressive):
    def prepare(source, quality):
        import pyvips
        pyvips.cache_set_max(0)  # the operation cache would return the previous file of the same name
        picture = pyvips.Image.new_from_file(source).copy_memory()
        return lambda: picture.jpegsave_buffer(
            Q=quality, optimize_coding=True, trellis_quant=True, overshoot_deringing=True, quant_table=3,
            interlace=progressive, optimize_scans=progressive, subsample_mode="on", keep="none")
    return prepare


def webp(source, quality):
    from PIL import Image
    picture = Image.open(source).convert("RGB")

    def run():
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=quality, method=4)
        return out.getvalue()
    return run


ENCODERS = {"libjpeg-turbo": libjpeg_turbo, "mozjpeg": mozjpeg(False), "mozjpeg-progressive": mozjpeg(True),
            "webp": webp}


def main():
    for line in sys.stdin:
        job, error, shortest = json.loads(line), None, 0.0
        try:
            run, times = ENCODERS[job["encoder"]](job["src"], job["q"]), []
            for _ in range(ROUNDS):
                start = time.process_time()
                data = run()
                times.append(time.process_time() - start)
            shortest = min(times)
            with open(job["dst"], "wb") as file:
                file.write(data)
        except Exception as exception:  # any failure of a peer is its answer
            error = f"{type(exception).__name__}: {exception}"[:200]
        print(json.dumps({"err": error, "cpu_ms": shortest * 1e3}), flush=True)


main()
