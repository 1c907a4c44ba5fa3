"""Measurements of large thumbnails and of several thumbnails of one picture, printed as Markdown tables."""
import os
import statistics

from programs import WORK, Worker, measure, note, print_machine, ratio, thumbnail_makers, verdict, verdict_of_score
from sources import chart_sources, jpeg_sources, lossless_sources, print_sources, turned_and_lying, webp_avif_sources
from thumbnails import (BOX, QUALITY, best_peer_cells, end, header_of, job_for, peak_over_idle, quality, reference_of, score_of,
                        start, time_cells)

# Label, box in pixels, highest ratio to sharp.
ONE_SIZE = [("24 MP", 1600, 0.90), ("12 MP", 1000, 0.90), ("12 MP", 1600, 1.1)]
# SSIMULACRA2 below which a peer is not compared in speed, and the highest ratio to the best of the others.
GOOD_ENOUGH, BEST_PEER_TARGET = 94.0, 0.50
# Boxes in pixels and the least SSIMULACRA2 of ours, in the order of `MULTI` in src/command/render/jobs.rs.
FOUR_SIZES = {1600: 94.5, 800: 94.5, 400: 95.0, 150: 95.0}
# Source of the four sizes, highest ratio to sharp, highest memory over the idle process in MiB.
FOUR_LABEL, FOUR_TARGET, FOUR_MEMORY = "24 MP", 0.85, 24.0
OTHER_FORMATS = ["12 MP PNG", "12 MP WebP", "12 MP AVIF", "12 MP TIFF, LZW"]
LARGE = 1600
# Source that is turned, highest ratio to the same lying, and its least rounds: they are short, and the ratio is near 1.
TURNED_LABEL, TURNED_TARGET, TURNED_ROUNDS = "12 MP", 1.05, 31
PARTS = ["one-size", "four-sizes", "formats", "charts", "orientation"]


def compare(options, program):
    """Compares all parts, or those that --only names."""
    parts = options.only or PARTS
    sources, origins = jpeg_sources(options.pictures, {"12 MP", "24 MP"})
    others = other_sources(options.pictures) if "formats" in parts else {}
    print_machine()
    print_sources({**sources, **others}, origins)
    commands, scorer = thumbnail_makers(options, program), options.ssimulacra2
    if not scorer:
        note("SSIMULACRA2 is omitted: ssimulacra2_rs is not installed; every peer counts as good enough")
    if "one-size" in parts:
        one_size(commands, sources, options.rounds, scorer)
    if "four-sizes" in parts and FOUR_LABEL in sources:
        four_sizes(commands, sources[FOUR_LABEL], options.rounds, scorer)
    if "formats" in parts:
        formats(commands, others, options.rounds, scorer)
    if "charts" in parts:
        charts(commands["ours"], scorer)
    if "orientation" in parts and TURNED_LABEL in sources:
        orientation(commands["ours"], sources[TURNED_LABEL], options.rounds)


def other_sources(folder):
    """Returns the paths of OTHER_FORMATS by label."""
    found = {**lossless_sources(folder, OTHER_FORMATS), **webp_avif_sources(folder)}
    return {label: found[label] for label in OTHER_FORMATS if label in found}


def with_scores(cells, scored):
    """Returns the table cells of processor times with the score of the same maker."""
    return [f"{cell}; {score:.1f}" if score is not None else cell for cell, score in zip(cells, scored.values())]


def measured_row(commands, workers, label, source, box, rounds, scorer):
    """Measures one source to one box. Returns the table cells, our ratios to the peers, and the scores by maker."""
    times, _ = measure(workers, job_for(source, box), rounds)
    cells, ratios = time_cells(times, commands)
    scores = quality(commands, {label: source}, scorer, box) if scorer else {}
    scored = {name: scores.get((label, name), (None, ""))[0] for name in commands}
    return with_scores(cells, scored), ratios, scored


CELLS = "CPU ms; in brackets the ratio of ours to it; then SSIMULACRA2 before compression."


def one_size(commands, sources, rounds, scorer):
    """Compares large thumbnails of JPEG files with sharp, and with the best peer of sufficient quality."""
    workers = start(commands)
    print(f"\n### JPEG to one large JPEG of quality {QUALITY}, warm\n\n{CELLS}\n\n"
          + header_of(commands, "to sharp", f"best peer from {GOOD_ENOUGH:.0f}", "ratio", "target", align="---|---|--:|---|"))
    for label, box, target in (row for row in ONE_SIZE if row[0] in sources):
        cells, ratios, scored = measured_row(commands, workers, label, sources[label], box, rounds, scorer)
        to_sharp = f"{ratios['sharp']:.2f}, {verdict(ratios['sharp'], target)}" if "sharp" in ratios else "not measured"
        best = best_peer_cells(ratios, scored, BEST_PEER_TARGET, GOOD_ENOUGH)
        print(f"| {label} to {box} px | " + " | ".join(cells) + f" | {to_sharp} | {best} |", flush=True)
    end(workers)


def four_job(source, **more):
    """Returns the job of four sizes at once, by the name of the maker."""
    return job_for(source, max(FOUR_SIZES), mode="multi", sides=list(FOUR_SIZES), **more)


def four_sizes(commands, source, rounds, scorer):
    """Compares four sizes of one JPEG file: time, quality of each, and memory."""
    workers = start(commands)
    times, _ = measure(workers, four_job(source), rounds)
    end(workers)
    cells, ratios = time_cells(times, commands)
    scores = four_scores(commands, source, scorer) if scorer else {}
    boxes = [f"{box} px" for box in FOUR_SIZES]
    print(f"\n### {FOUR_LABEL} JPEG to {', '.join(map(str, FOUR_SIZES))} px at once, warm\n\nCPU ms, in brackets the ratio of "
          "ours to it; SSIMULACRA2 of each size before compression; peak memory over the idle process.\n\n| | CPU ms | "
          + " | ".join(boxes) + " | MiB | target |\n|---|--:|" + "--:|" * len(boxes) + "--:|---|")
    for (name, command), cell in zip(commands.items(), cells):
        peak = peak_over_idle(command, four_job(source)(name))
        results = []
        if name == "sharp" and name in ratios:
            results = ["ratio " + verdict(ratios[name], FOUR_TARGET)]
        elif name == "ours" and not isinstance(peak, str):
            results = [f"{box} px {verdict_of_score(scores[name, box], least)}" for box, least in FOUR_SIZES.items()
                       if scores.get((name, box)) is not None]
            results.append("MiB " + verdict(peak, FOUR_MEMORY))
        scored = [scores.get((name, box)) for box in FOUR_SIZES]
        print(f"| {name} | {cell} | " + " | ".join("–" if score is None else f"{score:.1f}" for score in scored)
              + f" | {'cannot' if isinstance(peak, str) else f'{peak:.1f}'} | {', '.join(results)} |", flush=True)


def four_scores(commands, source, scorer):
    """Returns the SSIMULACRA2 of every maker and box before compression.

    Sides that a peer rounds from the largest thumbnail may be a pixel longer. Its reference has the same. libvips and sharp
    keep the scale 1/2 from 1067 rows to 534, so the rows near both edges are displaced by up to a quarter, and score low.
    """
    references, scores, stem = {}, {}, os.path.join(WORK, "four")
    for name, command in commands.items():
        worker = Worker(*command)
        failed = worker.ask(**four_job(source, dst=stem, fmt="png")(name))["err"]
        worker.end()
        for box in [] if failed else FOUR_SIZES:
            png = f"{stem}.{box}.png"
            size = box if name == "ours" else size_of(png)
            if size not in references:
                references[size] = reference_of(FOUR_LABEL, source, size)
            scores[name, box] = score_of(references[size], png, scorer)[0]
    return scores


def size_of(png):
    """Returns the size of a PNG file as WIDTHxHEIGHT, from its header."""
    with open(png, "rb") as file:
        header = file.read(24)
    return f"{int.from_bytes(header[16:20], 'big')}x{int.from_bytes(header[20:24], 'big')}"


def formats(commands, sources, rounds, scorer):
    """Compares large thumbnails of other formats."""
    workers = start(commands)
    print(f"\n### Other formats to {LARGE} px JPEG of quality {QUALITY}, warm\n\n{CELLS}\n\n" + header_of(commands, align=""))
    for label, source in sources.items():
        cells, _, _ = measured_row(commands, workers, label, source, LARGE, rounds, scorer)
        print(f"| {label} | " + " | ".join(cells) + " |", flush=True)
    end(workers)


def charts(command, scorer):
    """Measures our quality for text and bars in saturated colours."""
    sources = chart_sources()
    scores = quality({"ours": command}, sources, scorer, LARGE)
    print(f"\n### Saturated text and bars, 12 MP to {LARGE} px, before compression\n\n| | SSIMULACRA2 | PSNR, dB |\n|---|--:|--:|")
    for label in sources:
        score, psnr = scores.get((label, "ours"), (None, "failed"))
        print(f"| {label} | {'–' if score is None else f'{score:.1f}'} | {psnr} |", flush=True)


def orientation(command, source, rounds):
    """Compares a picture that its orientation turns with the same picture lying, both by our program."""
    paths = dict(zip(("turned", "lying"), turned_and_lying(source)))
    workers = start(dict.fromkeys(paths, command))
    times, _ = measure(workers, lambda name: job_for(paths[name])(name), max(rounds, TURNED_ROUNDS))
    end(workers)
    print(f"\n### {TURNED_LABEL} JPEG with orientation 6 to {BOX} px\n\n| turned, CPU ms | lying, CPU ms | ratio | target |\n"
          "|--:|--:|--:|---|")
    if isinstance(times["turned"], str) or isinstance(times["lying"], str):
        print(f"| {times['turned']} | {times['lying']} | | |")
        return
    value = ratio(times["turned"], times["lying"])
    print(f"| {statistics.median(times['turned']):.1f} | {statistics.median(times['lying']):.1f} | {value:.2f} | "
          f"{verdict(value, TURNED_TARGET)} |", flush=True)
