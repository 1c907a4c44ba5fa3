#!/usr/bin/env python3
"""Makes the seeds of AV1 that libaom writes: a tool of AV1 or two in each, in pictures as small as show it.

Needs aomenc (Debian's package aom-tools). The other seeds of AV1 are parts of AVIF files (fuzz/seeds/make.py), and
damaged-10.obu, which dav1d 1.0 shows otherwise than later versions do.
"""
import pathlib
import random
import subprocess

HERE = pathlib.Path(__file__).parent / "avif"
# Name, size, frames, sampling, bits, options.
STILL = ["--allintra", "--limit=1"]
MOVING = ["--good", "--limit=4", "--lag-in-frames=3"]
SEEDS = [
    ("grain-420", (64, 48), 1, "420", 8, [*STILL, "--film-grain-test=1"]),
    ("grain-444-10", (40, 40), 1, "444", 10, [*STILL, "--film-grain-test=7"]),
    ("grain-422-12", (40, 36), 1, "422", 12, [*STILL, "--film-grain-test=12"]),
    ("grey-restored", (72, 70), 1, "420", 8, [*STILL, "--monochrome", "--enable-restoration=1"]),
    ("lossless-444", (24, 17), 1, "444", 8, [*STILL, "--lossless=1"]),
    ("matrices-tiles", (136, 72), 1, "420", 8, [*STILL, "--enable-qm=1", "--tile-columns=1", "--tile-rows=1"]),
    ("screen", (64, 64), 1, "444", 8, [*STILL, "--tune-content=screen"]),
    ("superres", (80, 50), 1, "420", 8, [*STILL, "--superres-mode=1", "--superres-kf-denominator=13"]),
    ("moving", (48, 40), 4, "420", 8, MOVING),
    ("moving-10-resized", (64, 48), 4, "420", 10, [*MOVING, "--resize-mode=1", "--resize-denominator=12"]),
]


def film(size, frames, sampling, bits, is_screen):
    """The frames of a y4m file: waves that move and noise, or letters on a plain ground."""
    width, height = size
    chroma = {"420": ((width + 1) // 2, (height + 1) // 2), "422": ((width + 1) // 2, height), "444": size}[sampling]
    generator = random.Random(1)
    planes = []
    for frame in range(frames):
        planes.append(b"FRAME\n")
        for plane, (across, down) in enumerate([size, chroma, chroma]):
            for y in range(down):
                for x in range(across):
                    if is_screen:
                        level = 220 - 60 * plane if x % 8 and y % 8 and (x % 8 * 5 ^ y % 8 * 3) & 4 else 40
                    else:
                        level = 128 + (x * 3 + frame * 2) % 90 - y % 50 + generator.randrange(9) - 30 * plane
                    planes.append((level << bits - 8).to_bytes(1 if bits == 8 else 2, "little"))
    space = sampling + ("jpeg" if (sampling, bits) == ("420", 8) else "" if bits == 8 else f"p{bits}")
    return f"YUV4MPEG2 W{width} H{height} F25:1 Ip C{space}\n".encode() + b"".join(planes)


for name, size, frames, sampling, bits, options in SEEDS:
    profile = 2 if sampling == "422" or bits == 12 else 1 if sampling == "444" else 0
    command = [
        "aomenc", "--quiet", "--obu", "--passes=1", "--debug", "--threads=1", "--cpu-used=3",
        "--end-usage=q", "--cq-level=40", f"--profile={profile}", f"--bit-depth={bits}", f"--input-bit-depth={bits}", *options,
        "-o", str(HERE / f"{name}.obu"), "-",
    ]
    subprocess.run(command, check=True, input=film(size, frames, sampling, bits, name == "screen"))
