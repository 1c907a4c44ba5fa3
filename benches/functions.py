"""Comparison of whole functions: what a user deploys with Python, with Node.js, and with this program."""
import json
import os
import statistics

from bars import write_bars
from programs import (ROOT, Worker, build, in_turns, install, node_environment, note, output, print_machine, python, ratio,
                      verdict)
from sources import jpeg_sources, lossless_sources, turned_and_lying, webp_avif_sources

FUNCTIONS = os.path.join(ROOT, "benches", "functions")
OURS, PILLOW, SHARP = "cos-thumbnailer", "Python, Pillow", "Node.js, sharp"
NETWORKS = {"15 ms, 60 MB/s": {"delay_ms": 15, "mb_per_second": 60}, "loopback": None}
# Settings that the platform offers (583/11637), MB.
SETTINGS = [64, *range(128, 3073, 128)]
# International list prices in USD on 2026-11-01 (583/12281, 583/12284; 436/6239): a GB-second, an invocation, a request.
GB_SECOND, INVOCATION, REQUEST = 0.0000167, 0.0000002, 0.0000002
ONE_SIDE, FOUR_SIDES = "300", "1600,800,400,150"
# Photos of a burst, and invocations of one picture in a row: processor time is counted in steps of 10 ms.
BURST, IN_A_ROW = 200, 8
# Label of a work item: highest ratio of GB-seconds to those of each peer.
TARGETS = {"12 MP": {SHARP: 0.35, PILLOW: 0.2}, "24 MP, four sizes": {SHARP: 0.5}, "200 duplicates": {SHARP: 0.02, PILLOW: 0.02}}


def functions(options, sides):
    """Returns the functions by name: program, arguments and variables."""
    ours = options.program or build("build", "--release", "--bin", "cos-thumbnailer")
    thumbnails = ";".join(f"s{side}={side}x{side}" for side in sides.split(","))
    found = {OURS: (ours, [], {"THUMBNAILS": thumbnails, "FORMAT": "jpeg", "TARGET_KEY": "{name}/{key}"}),
             PILLOW: (python(), [os.path.join(FUNCTIONS, "pillow.py")], {"SIDES": sides})}
    environment = node_environment(options, "sharp", "cos-nodejs-sdk-v5")
    if environment is None:
        note("Node.js is omitted: node does not find sharp and cos-nodejs-sdk-v5")
    else:
        found[SHARP] = ("/usr/bin/env", ["node", os.path.join(FUNCTIONS, "sharp.cjs")], {"SIDES": sides, **environment})
    return found


def work(pictures):
    """Returns the work items by label: sides, and the jobs of one measurement, of which the last is measured."""
    sources, _ = jpeg_sources(pictures, {"2 MP", "12 MP", "24 MP", "48 MP", "12 MP progressive"})
    sources = {**sources, **lossless_sources(pictures, {"12 MP PNG"}), **webp_avif_sources(pictures)}
    turned, _ = turned_and_lying(sources["12 MP"])
    singles = {label: sources[label] for label in ("2 MP", "12 MP", "24 MP", "48 MP", "12 MP progressive", "12 MP PNG", "12 MP WebP",
                                                   "12 MP AVIF") if label in sources}
    singles["12 MP, orientation 6"] = turned
    items = {label: (ONE_SIDE, [{"files": [path], "times": IN_A_ROW}]) for label, path in singles.items()}
    burst = {"files": [sources["2 MP"]], "times": BURST}
    items["24 MP, four sizes"] = (FOUR_SIDES, [{"files": [sources["24 MP"]], "times": IN_A_ROW}])
    items["200 photos"] = (ONE_SIDE, [burst])
    items["200 duplicates"] = (ONE_SIDE, [burst, {"files": [], "times": 0}])
    items["12 MP, cold"] = (ONE_SIDE, [{"files": [sources["12 MP"]], "times": 1, "is_cold": True}])
    return items


class Result:
    """Measurements of one function at one work item, one for each round."""

    def __init__(self):
        self.rounds, self.error = [], None

    def add(self, answer):
        """Takes the measurement of a round, per invocation."""
        if answer["err"]:
            self.error = answer["err"]
            return
        count = len(answer["wall_ms"])
        self.rounds.append({
            "wall": sum(answer["wall_ms"]) / count, "cpu": answer["cpu_ms"] / count, "peak": answer["peak"] / 2**20,
            "fetched": answer["fetched"] / count, "requests": answer["requests"] / count, "init": answer["init_ms"] or 0.0})

    def median(self, name):
        """Median over the rounds."""
        return statistics.median(one[name] for one in self.rounds)

    def setting(self):
        """Smallest memory setting that holds the highest peak, MB."""
        peak = max(one["peak"] for one in self.rounds)
        return next((setting for setting in SETTINGS if setting >= peak), SETTINGS[-1])

    def gb_seconds(self):
        """GB-seconds of an invocation in every round, at the smallest setting and with a whole core."""
        return [one["wall"] / 1e3 * self.setting() / 1024 for one in self.rounds]

    def dollars(self):
        """Price of a million invocations."""
        return 1e6 * (statistics.median(self.gb_seconds()) * GB_SECOND + INVOCATION + self.median("requests") * REQUEST)


def measure_items(options, network):
    """Measures all functions at all work items, in turns. Returns the results by work item and function."""
    driver = build("build", "--release", "--package", "scf-local", "--example", "measure_function")
    items = {label: item for label, item in work(options.pictures).items() if not options.only or label in options.only}
    results = {}
    for sides in dict.fromkeys(sides for sides, _ in items.values()):
        workers = {}
        for name, (program, arguments, environment) in functions(options, sides).items():
            function = {"program": program, "arguments": arguments, "environment": environment, "memory_mb": SETTINGS[-1],
                        "network": NETWORKS[network]}
            workers[name] = Worker([driver, json.dumps(function)])
        for label, (_, jobs) in ((label, item) for label, item in items.items() if item[0] == sides):
            note(f"{label}, {network}")
            results[label] = {name: Result() for name in workers}
            for name, counts in in_turns(list(workers), options.rounds):
                answers = [workers[name].ask(**job) for job in jobs]
                check(answers[0], name, len(sides.split(",")))
                if counts:
                    results[label][name].add(answers[-1])
        for worker in workers.values():
            worker.end()
    return results


def check(answer, name, sides):
    """Makes sure that a function stored what it should."""
    expected = len(answer.get("wall_ms", ())) * sides
    if not answer["err"] and answer["stored"] != expected:
        raise SystemExit(f"{name} stored {answer['stored']} objects instead of {expected}")


def print_results(network, results):
    """Prints the measurements of one network."""
    print(f"\n### Network: {network}\n\n| work | function | wall, ms | CPU, ms | peak, MiB | setting, MB | fetched, KB | requests | "
          "start, ms | GB-s / 1000 | of ours | USD / million |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for label, by_name in results.items():
        for name, result in by_name.items():
            if result.error or not result.rounds:
                print(f"| {label} | {name} | {result.error} | | | | | | | | | |")
                continue
            times = statistics.median(theirs / ours for theirs, ours in zip(result.gb_seconds(), by_name[OURS].gb_seconds()))
            start = f"{result.median('init'):.0f}" if result.median("init") else ""
            print(f"| {label} | {name} | {result.median('wall'):.1f} | {result.median('cpu'):.1f} | {result.median('peak'):.0f} | "
                  f"{result.setting()} | {result.median('fetched') / 1e3:.0f} | {result.median('requests'):.1f} | {start} | "
                  f"{1e3 * statistics.median(result.gb_seconds()):.3f} | {times:.1f} | {result.dollars():.2f} |", flush=True)
    print("\n| work | ours / peer, GB-s | measured | target |\n|---|---|--:|---|")
    for label, targets in TARGETS.items():
        for peer, target in targets.items():
            if label in results and peer in results[label] and results[label][peer].rounds:
                value = ratio(results[label][OURS].gb_seconds(), results[label][peer].gb_seconds())
                print(f"| {label} | {peer} | {value:.3f} | {verdict(value, target)} |", flush=True)


def print_packages():
    """Prints what is deployed: the packages of the peers, without their interpreters."""
    archive = os.path.join(ROOT, "target", "cos-thumbnailer.zip")
    if os.path.exists(archive):
        print(f"\nZip of this program: {os.path.getsize(archive) / 1e6:.1f} MB.")


def compare(options):
    """Measures on every network, and writes tables and charts."""
    install()
    print_machine()
    if options.node_modules:
        print("Node.js " + output("node", "--version").strip() + "\n")
    for network in options.network or NETWORKS:
        results = measure_items(options, network)
        print_results(network, results)
        if options.charts and NETWORKS[network]:
            write_charts(options.charts, network, results)
    print_packages()


def write_charts(folder, network, results):
    """Writes the charts of cost and memory."""
    os.makedirs(folder, exist_ok=True)
    for file, title, value in (
            ("functions-cost.svg", f"USD for a million invocations ({network})", Result.dollars),
            ("functions-memory.svg", f"Peak memory, MiB ({network})", lambda result: result.median("peak"))):
        groups = {label: {name: value(result) for name, result in by_name.items() if result.rounds}
                  for label, by_name in results.items()}
        write_bars(os.path.join(folder, file), title, groups)
        note(f"wrote {os.path.join(folder, file)}")
