"""Comparison of encoders: bytes at equal SSIMULACRA2, and time, as Markdown tables and charts."""
import math
import os
import sys
from collections import namedtuple

from chart import Curve, write_chart
from programs import PEERS, QUALITY_SCRIPT, WORK, Worker, build, features, install, note, output, python

SIDES = (300, 1000, 1600)
SCORES = (60, 70, 80, 90)
# Repetitions of what is timed, by side.
ROUNDS = {300: 15, 1000: 5, 1600: 3}
# The quality at which each encoder is timed is that with the score nearest to this one.
TIMED_SCORE = 75

# An encoder of ours has a format and the options of a thumbnail; a peer has neither.
Encoder = namedtuple("Encoder", "name format options qualities", defaults=(None, None, None))
JPEG = (25, 35, 45, 55, 65, 75, 82, 88, 93, 97)
WEBP = (20, 35, 50, 65, 75, 83, 90, 95)
AVIF = (20, 35, 50, 60, 70, 80, 90)
FORMATS = {
    "jpeg": [
        Encoder("ours", "jpeg", "", JPEG), Encoder("ours, fast", "jpeg", "effort/fast", JPEG),
        Encoder("ours, light", "jpeg", "effort/light", JPEG), Encoder("ours, 4:4:4", "jpeg", "subsampling/444", JPEG),
        *(Encoder(name, qualities=JPEG) for name in
          ("mozjpeg-progressive", "mozjpeg", "mozjpeg-444", "libjpeg-turbo", "libjpeg-turbo-444"))],
    "webp": [Encoder("ours, WebP", "webp", "", WEBP), Encoder("libwebp", qualities=WEBP),
             Encoder("libwebp-6", qualities=WEBP)],
    "avif": [Encoder("ours, AVIF", "avif", "", AVIF), Encoder("libaom", qualities=AVIF)],
}
# Encoders to which the bytes of the others are compared.
BASE = "mozjpeg-progressive"


class Bench:
    """The workers of a comparison, and the files that they exchange."""

    def __init__(self):
        install()
        note("building")
        # All benches are built with the same features, so that their crates are built once.
        options = [*features(), "--no-run"]
        self.ours = Worker([build("bench", "--bench", "encode", *options), "--serve"])
        self.peers = Worker([python(), os.path.join(PEERS, "encoders.py")])
        self.scorer = Worker([build("bench", "--bench", "score", *options)])
        self.encoded = os.path.join(WORK, "encoded")
        self.pixels = os.path.join(WORK, "pixels.png")

    def write(self, encoder, source, quality, rounds=0):
        """Encodes a PNG file and returns the milliseconds; bytes are those of the file `encoded`."""
        if encoder.format:
            answer = self.ours.ask(src=source, dst=self.encoded, format=encoder.format, options=encoder.options,
                                   q=quality, rounds=rounds)
        else:
            answer = self.peers.ask(src=source, dst=self.encoded, encoder=encoder.name, q=quality, rounds=rounds)
        if answer["err"]:
            sys.exit(f"bench: {encoder.name} failed: {answer['err']}")
        return answer["cpu_ms"]

    def score(self, source):
        """SSIMULACRA2 of the encoded file, decoded by libraries of others, against the pixels of a PNG file."""
        answer = self.peers.ask(src=self.encoded, dst=self.pixels, encoder="pixels")
        scored = self.scorer.ask(reference=source, distorted=self.pixels)
        if answer["err"] or scored["err"]:
            sys.exit(f"bench: {answer['err'] or scored['err']}")
        return scored["score"]

    def curve(self, encoder, source, side):
        """Score and bytes at every quality, and the milliseconds at the quality whose score is nearest to TIMED_SCORE."""
        rows = []
        for quality in encoder.qualities:
            self.write(encoder, source, quality)
            rows.append((self.score(source), os.path.getsize(self.encoded), quality))
        nearest = min(rows, key=lambda row: abs(row[0] - TIMED_SCORE))
        return rows, self.write(encoder, source, nearest[2], ROUNDS.get(side, 3))

    def end(self):
        for worker in (self.ours, self.peers, self.scorer):
            worker.end()


def bytes_at(score, rows):
    """Bytes at a score, interpolated geometrically between the two nearest qualities; None outside of the rows."""
    rows = sorted(rows)
    for (low, small, *_), (high, large, *_) in zip(rows, rows[1:]):
        if low <= score <= high:
            part = (score - low) / (high - low) if high > low else 0
            return small * (large / small) ** part
    return None


def geometric_mean(numbers):
    return math.exp(sum(map(math.log, numbers)) / len(numbers)) if numbers else None


def pictures_of(folders):
    """JPEG and PNG files of the folders, in the order of their names."""
    files = [os.path.join(folder, name) for folder in folders for name in sorted(os.listdir(folder))]
    return [file for file in files if file.lower().endswith((".jpg", ".jpeg", ".png"))]


def compare(options):
    """Compares the encoders of some formats on thumbnails of the pictures of some folders."""
    formats = options.format or list(FORMATS)
    encoders = [encoder for name in formats for encoder in FORMATS[name]]
    if not any(encoder.name == BASE for encoder in encoders):
        encoders.append(next(encoder for encoder in FORMATS["jpeg"] if encoder.name == BASE))
    if options.only:
        encoders = [encoder for encoder in encoders if encoder.name in (*options.only, BASE)]
    bench, curves, times = Bench(), {}, {}
    source = os.path.join(WORK, "thumbnail.png")
    for side in options.side or SIDES:
        count = 0
        for picture in pictures_of(options.pictures):
            answer = output(python(), QUALITY_SCRIPT, "reference", picture, str(side), source)
            if answer.strip() == "smaller" or count == options.most:
                continue
            count += 1
            note(f"{side}: {count} {os.path.basename(picture)}")
            for encoder in encoders:
                rows, time = bench.curve(encoder, source, side)
                curves.setdefault((side, encoder.name), []).append(rows)
                times.setdefault((side, encoder.name), []).append(time)
        if count:
            print_table(side, count, encoders, curves, times)
            if options.charts:
                write_charts(options.charts, side, formats, encoders, curves)
    bench.end()


def print_table(side, count, encoders, curves, times):
    """Geometric means of the bytes at each score, relative to BASE, and of the milliseconds."""
    print(f"\n{side} px, {count} pictures: bytes at equal SSIMULACRA2, relative to {BASE}; in brackets the pictures that "
          f"reach the score, where not all do\n\n| encoder | {' | '.join(map(str, SCORES))} | ms |\n"
          "|---|" + "--:|" * (len(SCORES) + 1))
    for encoder in encoders:
        cells = []
        for score in SCORES:
            pairs = [(bytes_at(score, rows), bytes_at(score, base))
                     for rows, base in zip(curves[side, encoder.name], curves[side, BASE])]
            ratios = [one / other for one, other in pairs if one and other]
            reached = "" if len(ratios) == count else f" ({len(ratios)})"
            cells.append(f"{geometric_mean(ratios):.3f}{reached}" if ratios else "-")
        print(f"| {encoder.name} | {' | '.join(cells)} | {geometric_mean([t or 0.01 for t in times[side, encoder.name]]):.2f} |",
              flush=True)


def write_charts(folder, side, formats, encoders, curves):
    """One chart: bits per picture over score, each encoder relative to BASE at the same score."""
    os.makedirs(folder, exist_ok=True)
    drawn = []
    for encoder in encoders:
        points = []
        for score in range(50, 93, 2):
            pairs = [(bytes_at(score, rows), bytes_at(score, base))
                     for rows, base in zip(curves[side, encoder.name], curves[side, BASE])]
            ratios = [one / other for one, other in pairs if one and other]
            # A mean over few pictures would bend the curve where the others fall out.
            if len(ratios) >= 0.8 * len(pairs):
                points.append((score, geometric_mean(ratios)))
        if len(points) > 1:
            drawn.append(Curve(encoder.name, points, is_ours=bool(encoder.format)))
    path = os.path.join(folder, f"encode-{'-'.join(formats)}-{side}.svg")
    write_chart(path, f"Bytes at equal score, {side} px, relative to {BASE}", "SSIMULACRA2", drawn)
    note(f"wrote {path}")
