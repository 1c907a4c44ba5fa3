"""AVIF at every speed beside libwebp and libjpeg-turbo, at equal SSIMULACRA2: tables in Markdown."""
import os
import statistics
import sys

from encoding import Bench, Encoder, bytes_at, geometric_mean, pictures_of
from programs import QUALITY_SCRIPT, WORK, Worker, build, features, note, output, python

# The quality table of src/imaging/encode/avif/quality.rs has these qualities.
QUALITIES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
SPEEDS = ("small", "medium", "quick", "quickest")
PEER_ENCODERS = [Encoder(name, qualities=QUALITIES) for name in ("libjpeg-turbo", "libwebp")]
SCORES = (60, 70, 75, 80)
# Times are those of this quality.
TIMED_QUALITY = 80
ROUNDS = 3


def curve(bench, speeds, encoder, source):
    """Score, bytes and milliseconds at every quality."""
    rows = []
    for quality in QUALITIES:
        rounds = ROUNDS if quality == TIMED_QUALITY else 0
        if isinstance(encoder, Encoder):
            time = bench.write(encoder, source, quality, rounds)
        else:
            answer = speeds.ask(src=source, dst=bench.encoded, encoder=encoder, q=quality, rounds=rounds)
            if answer["err"]:
                sys.exit(f"bench: {encoder} failed: {answer['err']}")
            time = answer["cpu_ms"]
        rows.append((bench.score(source), os.path.getsize(bench.encoded), time))
    return rows


def compare(options):
    """Compares all speeds and peers on thumbnails of the JPEG and PNG files of folders."""
    bench = Bench()
    speeds = Worker([build("bench", "--bench", "avif", *features(), "--no-run"), "--serve"])
    source = os.path.join(WORK, "thumbnail.png")
    pictures = []
    for picture in pictures_of(options.pictures):
        answer = output(python(), QUALITY_SCRIPT, "reference", picture, str(options.side), source)
        if answer.strip() == "smaller" or len(pictures) == options.most:
            continue
        note(os.path.basename(picture))
        pictures.append({getattr(encoder, "name", encoder): curve(bench, speeds, encoder, source)
                         for encoder in [*(options.speed or SPEEDS), *PEER_ENCODERS]})
    columns, rule = " | ".join(pictures[0]), "|--:|" + "--:|" * len(pictures[0])
    print(f"Mean SSIMULACRA2 of {len(pictures)} pictures of {options.side} px at each quality.\n\n| quality | {columns} |\n{rule}")
    for number, quality in enumerate(QUALITIES):
        means = (statistics.mean(picture[encoder][number][0] for picture in pictures) for encoder in pictures[0])
        print(f"| {quality} | " + " | ".join(f"{mean:.1f}" for mean in means) + " |")
    print(f"\nBytes relative to WebP at equal score, geometric means.\n\n| score | {columns} |\n{rule}")
    for score in SCORES:
        cells = []
        for encoder in pictures[0]:
            points = [(bytes_at(score, picture[encoder]), bytes_at(score, picture["libwebp"])) for picture in pictures]
            mean = geometric_mean([one / webp for one, webp in points if one and webp])
            cells.append(f"{mean:.3f}" if mean else "")
        print(f"| {score} | " + " | ".join(cells) + " |")
    number = QUALITIES.index(TIMED_QUALITY)
    times = (statistics.mean(picture[encoder][number][2] for picture in pictures) for encoder in pictures[0])
    print(f"| ms at quality {TIMED_QUALITY} | " + " | ".join(f"{time:.1f}" for time in times) + " |")
    speeds.end()
    bench.end()
