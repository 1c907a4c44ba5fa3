"""AVIF at every speed beside libwebp and libjpeg-turbo, at equal SSIMULACRA2: tables in Markdown."""
import math
import os
import statistics
import sys

from encoding import interpolate
from programs import PEERS, QUALITY_SCRIPT, WORK, Worker, build, install, note, output, python

SIDE = 300
SPEEDS = ("small", "medium", "quick", "quickest")
PEER_ENCODERS = ("libjpeg-turbo", "webp")
# The quality table of src/imaging/encode/avif/quality.rs has these qualities.
QUALITIES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
SCORES = (60, 70, 75, 80)


def encode(worker, scorer, source, encoder, quality):
    """Returns score, bytes and milliseconds."""
    target, pixels = os.path.join(WORK, "encoded"), os.path.join(WORK, "encoded.png")
    answer = worker.ask(src=source, dst=target, encoder=encoder, q=quality)
    if answer["err"]:
        sys.exit(f"bench: {encoder} failed: {answer['err']}")
    output(python(), QUALITY_SCRIPT, "pixels", target, pixels)
    return float(output(scorer, "image", source, pixels).split()[-1]), os.path.getsize(target), answer["cpu_ms"]


def compare(folder, scorer):
    """Compares all speeds and peers on thumbnails of the JPEG and PNG files of a folder."""
    if not scorer:
        sys.exit("bench: avif needs ssimulacra2_rs: install it, or pass its path with --ssimulacra2")
    install()
    note("building")
    ours = Worker([build("bench", "--bench", "avif", "--features", "asm", "--no-run"), "--serve"])
    others = Worker([python(), os.path.join(PEERS, "encoders.py")])
    source = os.path.join(WORK, "thumbnail.png")
    pictures = []
    for name in sorted(name for name in os.listdir(folder) if name.endswith((".jpg", ".png"))):
        answer = output(python(), QUALITY_SCRIPT, "reference", os.path.join(folder, name), str(SIDE), source)
        if answer.strip() != "smaller":
            note(name)
            pictures.append({encoder: [encode(ours if encoder in SPEEDS else others, scorer, source, encoder, quality)
                                       for quality in QUALITIES] for encoder in SPEEDS + PEER_ENCODERS})
    columns = " | ".join(SPEEDS + PEER_ENCODERS)
    rule = "|--:|" + "--:|" * len(SPEEDS + PEER_ENCODERS)
    print(f"Mean SSIMULACRA2 of {len(pictures)} pictures at each quality.\n\n| quality | {columns} |\n{rule}")
    for number, quality in enumerate(QUALITIES):
        means = (statistics.mean(picture[encoder][number][0] for picture in pictures) for encoder in pictures[0])
        print(f"| {quality} | " + " | ".join(f"{mean:.1f}" for mean in means) + " |")
    print(f"\nBytes relative to WebP at equal score, geometric means.\n\n| score | {columns} |\n{rule}")
    for score in SCORES:
        cells = []
        for encoder in pictures[0]:
            points = [(interpolate(score, picture[encoder]), interpolate(score, picture["webp"])) for picture in pictures]
            ratios = [math.log(one[0] / webp[0]) for one, webp in points if one and webp]
            cells.append(f"{math.exp(statistics.mean(ratios)):.3f}" if ratios else "")
        print(f"| {score} | " + " | ".join(cells) + " |")
    number = QUALITIES.index(80)
    times = (statistics.mean(picture[encoder][number][2] for picture in pictures) for encoder in pictures[0])
    print("| ms at quality 80 | " + " | ".join(f"{time:.1f}" for time in times) + " |")
    ours.end()
    others.end()
