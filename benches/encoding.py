"""Comparison of JPEG encoders: bytes and time at equal SSIMULACRA2, printed as Markdown tables."""
import os
import statistics
import sys

from programs import PEERS, QUALITY_SCRIPT, WORK, Worker, build, install, note, output, python

SIDES, QUALITIES = (300, 1600), (60, 70, 75, 80, 85, 90, 94)
# The score of `jpeg` at this quality is where all encoders are compared.
REFERENCE_QUALITY = 80
OURS = ("jpeg", "jpeg-progressive")
OTHERS = ("libjpeg-turbo", "mozjpeg", "mozjpeg-progressive")
ENCODERS = OURS + OTHERS


def encode_at_qualities(worker, scorer, source, encoder):
    """Returns score, bytes and milliseconds of an encoder at every quality."""
    rows, target, pixels = [], os.path.join(WORK, "encoded.jpg"), os.path.join(WORK, "encoded.png")
    for quality in QUALITIES:
        answer = worker.ask(src=source, dst=target, encoder=encoder, q=quality)
        if answer["err"]:
            sys.exit(f"bench: {encoder} failed: {answer['err']}")
        output(python(), QUALITY_SCRIPT, "pixels", target, pixels)
        score = float(output(scorer, "image", source, pixels).split()[-1])
        rows.append((score, os.path.getsize(target), answer["cpu_ms"]))
    return rows


def interpolate(score, rows):
    """Returns bytes and milliseconds at a score, or None for a score outside the rows.

    Between two qualities, bytes are interpolated geometrically and time linearly.
    """
    rows = sorted(rows)
    for (low, small, quick), (high, large, slow) in zip(rows, rows[1:]):
        if low <= score <= high:
            part = (score - low) / (high - low) if high > low else 0
            return small * (large / small) ** part, quick + (slow - quick) * part
    return None


def compare(folder, scorer):
    """Compares all encoders on thumbnails of the JPEG and PNG files of a folder."""
    if not scorer:
        sys.exit("bench: encode needs ssimulacra2_rs: install it, or pass its path with --ssimulacra2")
    install()
    note("building")
    ours = Worker([build("bench", "--bench", "encode", "--no-run"), "--serve"])
    others = Worker([python(), os.path.join(PEERS, "encoders.py")])
    columns = " | ".join(ENCODERS)
    print(f"Bytes at the SSIMULACRA2 of `jpeg` at quality {REFERENCE_QUALITY}; in brackets milliseconds.\n\n"
          f"| picture | side | score | {columns} |\n|---|--:|--:|" + "--:|" * len(ENCODERS))
    ratios, source = {}, os.path.join(WORK, "thumbnail.png")
    for name in sorted(name for name in os.listdir(folder) if name.endswith((".jpg", ".png"))):
        for side in SIDES:
            answer = output(python(), QUALITY_SCRIPT, "reference", os.path.join(folder, name), str(side), source)
            if answer.strip() == "smaller":
                continue
            rows = {encoder: encode_at_qualities(ours if encoder in OURS else others, scorer, source, encoder)
                    for encoder in ENCODERS}
            score = rows["jpeg"][QUALITIES.index(REFERENCE_QUALITY)][0]
            cells, base = [], interpolate(score, rows["jpeg"])
            for encoder in ENCODERS:
                point = interpolate(score, rows[encoder])
                cells.append(f"{point[0]:.0f} ({point[1]:.1f})" if point else "out of reach")
                if point:
                    ratios.setdefault((side, encoder), []).append((point[0] / base[0], point[1] / base[1]))
            print(f"| {name} | {side} | {score:.1f} | " + " | ".join(cells) + " |", flush=True)
    print(f"\nMedian ratios to `jpeg`: bytes, in brackets time.\n\n| side | {columns} |\n|--:|" + "--:|" * len(ENCODERS))
    for side in SIDES:
        cells = []
        for encoder in ENCODERS:
            pairs = ratios.get((side, encoder), [])
            cells.append(f"{statistics.median(b for b, _ in pairs):.3f} ({statistics.median(t for _, t in pairs):.1f})" if pairs else "")
        print(f"| {side} | " + " | ".join(cells) + " |")
    ours.end()
    others.end()
