"""Measurements of decoding and of whole thumbnails, printed as Markdown tables."""
import os
import statistics
import subprocess

from programs import (PEERS, QUALITY_SCRIPT, WORK, Worker, measure, note, output, print_machine, python, ratio, thumbnail_makers,
                      verdict)
from sources import (LOSSLESS, WEBP_AVIF, jpeg_sources, lossless_sources, print_sources, webp_avif_sources)

BOX, QUALITY = 300, 80

# Label, scale, highest ratio to libjpeg-turbo, highest fraction of the file that may be read.
DECODE = [("24 MP", 8, 0.45, None), ("48 MP", 8, 0.45, None), ("12 MP", 8, None, None), ("12 MP", 4, 0.60, None),
          ("12 MP", 2, 0.80, None), ("12 MP", 1, 1.2, None), ("24 MP progressive", 8, 0.06, 0.20),
          ("12 MP progressive", 4, 0.50, None), ("12 MP progressive", 1, None, None), ("2 MP", 1, None, None)]
FUNCTION = ["2 MP", "12 MP", "24 MP", "48 MP", "12 MP progressive", "24 MP progressive"]
FUNCTION_TARGET, FUNCTION_TARGET_LABELS = 0.60, ["12 MP", "24 MP", "48 MP"]
# SSIMULACRA2 below which a thumbnail maker is not compared in speed.
GOOD_ENOUGH = 95.0
# Labels whose memory is measured, and the target in MiB.
MEMORY, MEMORY_TARGET = ["100 MP", "100 MP progressive"], 32.0
PARTS = ["decode", "quality", "function", "memory"]


def job_for(source, box=BOX, **more):
    """Returns the job of a thumbnail maker for a source, by the name of the maker."""
    return lambda name: {"src": source, "dst": os.path.join(WORK, f"{name}.jpg"), "box": box, "fmt": "jpg", "q": QUALITY, **more}


def start(commands):
    return {name: Worker(*command) for name, command in commands.items()}


def end(workers):
    for worker in workers.values():
        worker.end()


def header_of(commands, *more, align="--:|"):
    """Table header with a column for each thumbnail maker."""
    return f"| {' | '.join(['file', *commands, *more])} |\n|---|" + "--:|" * len(commands) + align


def jpeg(options, program, decoder):
    """Compares JPEG decoding, quality, speed and memory, or those parts that --only names."""
    parts = options.only or PARTS
    sources, origins = jpeg_sources(options.pictures)
    print_machine()
    print_sources(sources, origins)
    if "decode" in parts:
        decode(decoder, sources, options.rounds)
    commands, scores = thumbnail_makers(options, program), {}
    if not options.ssimulacra2 and {"quality", "function"} & set(parts):
        note("SSIMULACRA2 is omitted: ssimulacra2_rs is not installed; every peer counts as good enough")
    if "quality" in parts or ("function" in parts and options.ssimulacra2):
        scores = quality(commands, {label: sources[label] for label in FUNCTION if label in sources}, options.ssimulacra2)
    if "quality" in parts:
        print_quality(commands, sources, scores)
    if "function" in parts:
        function(commands, sources, options.rounds, scores)
    if "memory" in parts:
        memory(commands, sources, dict.fromkeys(MEMORY, MEMORY_TARGET))


def decode(decoder, sources, rounds):
    """Compares decoding to reduced rows with libjpeg-turbo."""
    workers = {"ours": Worker([decoder, "--serve"]),
               "turbo": Worker([python(), os.path.join(PEERS, "libraries.py"), "libjpeg-turbo"])}
    print("\n### Decoding to reduced rows\n\n| file | scale | ours, CPU ms | libjpeg-turbo, CPU ms | ratio | target | read |")
    print("|---|--:|--:|--:|--:|---|--:|")
    for label, scale, target, fraction in DECODE:
        if label not in sources:
            continue
        times, last = measure(workers, lambda _: {"src": sources[label], "scale": scale}, rounds)
        errors = [f"{name}: {error}" for name, error in times.items() if isinstance(error, str)]
        if errors:
            print(f"| {label} | 1/{scale} | {'; '.join(errors)} | | | | |")
            continue
        value, read = ratio(times["ours"], times["turbo"]), last["ours"]["bytes_read"] / os.path.getsize(sources[label])
        result = verdict(value, target) + ("" if fraction is None else f"; read {verdict(read, fraction)}")
        ours, turbo = (statistics.median(times[name]) for name in ("ours", "turbo"))
        print(f"| {label} | 1/{scale} | {ours:.1f} | {turbo:.1f} | {value:.2f} | {result} | {read:.0%} |", flush=True)
    end(workers)


def reference_of(label, source, box):
    """Makes the reference thumbnail of a source and returns its path. The box is a side, or an exact WIDTHxHEIGHT."""
    path = os.path.join(WORK, f"reference-{label.replace(' ', '-')}-{box}.png")
    output(python(), QUALITY_SCRIPT, "reference", source, str(box), path)
    return path


def score_of(reference, png, scorer):
    """Returns `(SSIMULACRA2 or None, PSNR)` of a thumbnail."""
    psnr = subprocess.run([python(), QUALITY_SCRIPT, "psnr", reference, png], stdout=subprocess.PIPE, text=True)
    score = subprocess.run([scorer, "image", reference, png], stdout=subprocess.PIPE, text=True) if scorer else None
    return (float(score.stdout.split()[-1]) if score and not score.returncode else None, psnr.stdout.strip() or "another size")


def quality(commands, sources, scorer, box=BOX):
    """Returns `(SSIMULACRA2 or None, PSNR)` of every thumbnail before compression, by label and maker."""
    scores, png = {}, os.path.join(WORK, "thumbnail.png")
    references = {label: reference_of(label, source, box) for label, source in sources.items()}
    for name, (command, environment) in commands.items():
        worker = Worker(command, environment)
        for label, source in sources.items():
            if not worker.ask(src=source, dst=png, box=box, fmt="png", q=QUALITY)["err"]:
                scores[label, name] = score_of(references[label], png, scorer)
        worker.end()
    return scores


def print_quality(commands, sources, scores):
    """Prints the quality of every maker for the sources of FUNCTION."""
    print(f"\n### Quality at {BOX} px, before compression\n\nSSIMULACRA2 / PSNR in dB against floating-point Lanczos-3 of "
          "every pixel.\n\n| file | " + " | ".join(commands) + " |\n|---|" + "--:|" * len(commands))
    for label in (label for label in FUNCTION if label in sources):
        cells = []
        for name in commands:
            score, psnr = scores.get((label, name), (None, "failed"))
            cells.append(f"{score:.1f} / {psnr}" if score is not None else f"– / {psnr}")
        print(f"| {label} | " + " | ".join(cells) + " |", flush=True)


def time_cells(times, names):
    """Returns the table cells of processor times, and our ratio to every peer that could be compared."""
    cells, ratios = [], {}
    for name in names:
        if isinstance(times[name], str) or isinstance(times["ours"], str):
            if isinstance(times[name], str):
                note(f"{name}: {times[name]}")
            cells.append("cannot" if isinstance(times[name], str) else "")
            continue
        ratios[name] = ratio(times["ours"], times[name])
        cells.append(f"{statistics.median(times[name]):.1f}" + ("" if name == "ours" else f" ({ratios[name]:.2f})"))
    return cells, ratios


def function(commands, sources, rounds, scores):
    """Compares the whole way from file to thumbnail, for makers of sufficient quality."""
    workers = start(commands)
    print(f"\n### Source to {BOX} px JPEG of quality {QUALITY}, warm\n\nCPU ms; in brackets the ratio of ours to it.\n\n"
          + header_of(commands, "best peer", "ratio", "target", align="---|--:|---|"))
    for label in (label for label in FUNCTION if label in sources):
        times, _ = measure(workers, job_for(sources[label]), rounds)
        cells, ratios = time_cells(times, commands)
        scored = {name: scores.get((label, name), (None, ""))[0] for name in commands}
        target = FUNCTION_TARGET if label in FUNCTION_TARGET_LABELS else None
        print(f"| {label} | " + " | ".join(cells) + f" | {best_peer_cells(ratios, scored, target, GOOD_ENOUGH)} |", flush=True)
    end(workers)


def best_peer_cells(ratios, scored, target, least):
    """Returns the table cells of the quickest peer that scores at least `least`: name, our ratio to it, and the verdict."""
    good = {name: value for name, value in ratios.items() if name != "ours" and is_good(scored[name], least)}
    best = max(good, key=good.get, default=None)
    if best is None:
        return "none is good enough | | "
    if is_good(scored["ours"], least):
        return f"{best} | {good[best]:.2f} | {verdict(good[best], target)}"
    # Speed at the cost of quality meets no target.
    return f"{best} | {good[best]:.2f} | **missed**: ours scores {scored['ours']:.1f}"


def is_good(score, least):
    """Returns whether a score is sufficient. A missing score counts as sufficient."""
    return score is None or round(score, 1) >= least


def lossless(options, program):
    """Compares thumbnails of lossless formats, and the memory for them."""
    sources = lossless_sources(options.pictures)
    print_machine()
    print_sources(sources, {})
    commands = thumbnail_makers(options, program)
    workers = start(commands)
    print(f"\n### To a {BOX} px JPEG, warm\n\nCPU ms; in brackets the ratio of ours to it.\n\n"
          + header_of(commands, "target", align="---|"))
    for label, _, _, target, _ in (row for row in LOSSLESS if row[0] in sources):
        times, _ = measure(workers, job_for(sources[label]), options.rounds)
        cells, ratios = time_cells(times, commands)
        result = verdict(max(ratios.get(name, 0) for name in commands if name.startswith("libvips")), target)
        print(f"| {label} | " + " | ".join(cells) + f" | {result} |", flush=True)
    end(workers)
    memory(commands, sources, {label: most for label, _, _, _, most in LOSSLESS})


def webp_avif(options, program):
    """Compares thumbnails of WebP, AVIF and HEIC files."""
    sources = webp_avif_sources(options.pictures)
    print_machine()
    print_sources(sources, {})
    commands = thumbnail_makers(options, program)
    scores = quality(commands, sources, options.ssimulacra2) if options.ssimulacra2 else {}
    workers = start(commands)
    for label, _, _, references, target, most in WEBP_AVIF:
        times, _ = measure(workers, job_for(sources[label]), options.rounds)
        print(f"\n### {label} to {BOX} px JPEG\n\n| | CPU ms | ours / it | SSIMULACRA2, PSNR | whole process, MiB | |\n"
              "|---|--:|--:|--:|--:|---|")
        ratios = {name: ratio(times["ours"], times[name]) for name in commands if not isinstance(times[name], str)}
        best = max((name for name in references if name in ratios), key=ratios.get, default=None)
        for name, command in commands.items():
            if name not in ratios:
                print(f"| {name} | {times[name]} | | | | |")
                continue
            worker = Worker(*command)
            peak = worker.ask(**job_for(sources[label])(name)).get("rss_kb", 0) / 1024
            worker.end()
            score, psnr = scores.get((label, name), (None, "–"))
            result = verdict(ratios[name], target) if name == best else verdict(peak, most) if name == "ours" else ""
            print(f"| {name} | {statistics.median(times[name]):.1f} | {ratios[name]:.2f} | "
                  f"{'–' if score is None else f'{score:.1f}'}, {psnr} | {peak:.0f} | {result} |", flush=True)
    end(workers)


def memory(commands, sources, targets):
    """Compares peak memory over that of the idle process."""
    print("\n### Peak memory over the idle process, MiB\n\n" + header_of(commands, "target", align="---|"))
    for label in (label for label in targets if label in sources):
        peaks = {name: peak_over_idle(command, job_for(sources[label])(name)) for name, command in commands.items()}
        cells = ["cannot" if isinstance(peak, str) else f"{peak:.1f}" for peak in peaks.values()]
        result = "" if isinstance(peaks["ours"], str) else verdict(peaks["ours"], targets[label])
        print(f"| {label} | " + " | ".join(cells) + f" | {result} |", flush=True)


def peak_over_idle(command, job):
    """Returns the peak memory of a new process over its idle memory in MiB, or the error text of the job."""
    worker = Worker(*command)
    # A request without a job: our program reports an error for it, and its memory as well.
    idle = worker.ask()["rss_kb"]
    answer = worker.ask(**job)
    worker.end()
    return answer["err"] or (answer["rss_kb"] - idle) / 1024
