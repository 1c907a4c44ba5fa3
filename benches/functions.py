"""Comparison of whole functions: what a user deploys with Python, with Node.js, with Go, and with this program."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from bars import write_bars
from programs import (ROOT, WORK, Worker, build, in_turns, install, node_environment, note, output, print_machine, python, ratio,
                      verdict)
from sources import jpeg_sources, lossless_sources, turned_and_lying, webp_avif_sources

FUNCTIONS = os.path.join(ROOT, "benches", "functions")
OURS, PILLOW, SHARP, IMAGING = "cos-thumbnailer", "Python, Pillow", "Node.js, sharp", "Go, imaging"
NETWORKS = {"15 ms, 60 MB/s": {"delay_ms": 15, "mb_per_second": 60}, "loopback": None}
# Settings that the platform offers (583/11637), MB, and the one that has a whole core. Others have a share of it: so says the
# page on computing power; the pages on event functions do not say.
SETTINGS = [64, *range(128, 3073, 128)]
WHOLE_CORE = 1280
# International list prices in USD on 2026-11-01 (583/12281, 583/12284; 436/6239): a GB-second, an invocation, a request.
GB_SECOND, INVOCATION, REQUEST = 0.0000167, 0.0000002, 0.0000002
ONE_SIDE, FOUR_SIDES = "300", "1600,800,400,150"
# Photos of a burst, and invocations of one picture in a row.
BURST, IN_A_ROW = 200, 4
# Work of the function in Go, which takes so much longer that all of it would take an hour.
IMAGING_WORK = {"12 MP", "24 MP, four sizes", "12 MP, cold"}
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
    program = build_go()
    if program:
        found[IMAGING] = (program, [], {"SIDES": sides})
    return found


def build_go():
    """Builds the function in Go, and returns its path, or None without its toolchain or packages."""
    if not shutil.which("go"):
        note("Go is omitted: it is not installed")
        return None
    folder = os.path.join(WORK, "go")
    shutil.copytree(os.path.join(FUNCTIONS, "go"), folder, dirs_exist_ok=True)
    program = os.path.join(folder, "bootstrap")
    # With GO111MODULE=off, the packages are those of GOPATH.
    if os.environ.get("GO111MODULE") != "off" and subprocess.run(["go", "mod", "tidy"], cwd=folder).returncode:
        note("Go is omitted: its packages cannot be loaded")
        return None
    subprocess.run(["go", "build", "-ldflags", "-s -w", "-o", program, "."], cwd=folder, check=True)
    return program


def work(pictures):
    """Returns the work items by label: sides, and the jobs by label that are done one after the other."""
    sources, _ = jpeg_sources(pictures, {"2 MP", "12 MP", "24 MP", "48 MP", "12 MP progressive"})
    sources = {**sources, **lossless_sources(pictures, {"12 MP PNG"}), **webp_avif_sources(pictures)}
    turned, _ = turned_and_lying(sources["12 MP"])
    singles = {label: sources[label] for label in ("2 MP", "12 MP", "24 MP", "48 MP", "12 MP progressive", "12 MP PNG", "12 MP WebP",
                                                   "12 MP AVIF") if label in sources}
    singles["12 MP, orientation 6"] = turned

    def photo(path):
        return {"files": [path], "times": IN_A_ROW}
    items = {label: (ONE_SIDE, {label: photo(path)}) for label, path in singles.items()}
    items["24 MP, four sizes"] = (FOUR_SIDES, {"24 MP, four sizes": photo(sources["24 MP"])})
    items["200 photos"] = (ONE_SIDE, {"200 photos": {"files": [sources["2 MP"]], "times": BURST},
                                      "200 duplicates": {"files": [], "times": 0}})
    items["12 MP, cold"] = (ONE_SIDE, {"12 MP, cold": {"files": [sources["12 MP"]], "times": 1, "is_cold": True}})
    return items


class Result:
    """Measurements of one function at one work item, one for each round."""

    def __init__(self, setting):
        self.setting, self.rounds = setting, []

    def add(self, answer):
        """Takes the measurement of a round, per invocation."""
        count = len(answer["wall_ms"])
        self.rounds.append({
            "wall": sum(answer["wall_ms"]) / count, "cpu": answer["cpu_ms"] / count, "peak": answer["peak"] / 2**20,
            "fetched": answer["fetched"] / count, "requests": answer["requests"] / count, "init": answer["init_ms"] or 0.0})

    def median(self, name):
        """Median over the rounds."""
        return statistics.median(one[name] for one in self.rounds)

    def gb_seconds(self):
        """GB-seconds of an invocation in every round, with a whole core at every setting."""
        return [one["wall"] / 1e3 * self.setting / 1024 for one in self.rounds]

    def shared_gb_seconds(self):
        """The same with the share of a core that goes with the setting: processor time takes longer, waiting does not."""
        share = min(self.setting / WHOLE_CORE, 1)
        times = [max(one["wall"] - one["cpu"], 0) + one["cpu"] / share for one in self.rounds]
        return [time / 1e3 * self.setting / 1024 for time in times]

    def dollars(self):
        """Price of a million invocations with a whole core: of time, of invocations and requests."""
        return 1e6 * statistics.median(self.gb_seconds()) * GB_SECOND, 1e6 * (INVOCATION + self.median("requests") * REQUEST)


class Bench:
    """The functions on one network, each at every setting that it is asked for."""

    def __init__(self, options, network, sides):
        self.driver = build("build", "--release", "--package", "scf-local", "--example", "measure_function")
        self.network, self.sides, self.workers = NETWORKS[network], sides, {}
        self.functions = functions(options, sides)

    def ask(self, name, setting, jobs):
        """Carries out the jobs by a function with a setting, and returns the answers. Too few objects stored by the first are an
        error, as are memory over the setting and a failed invocation."""
        if (name, setting) not in self.workers:
            program, arguments, environment = self.functions[name]
            function = {"program": program, "arguments": arguments, "environment": environment, "memory_mb": setting,
                        "network": self.network}
            self.workers[name, setting] = Worker([self.driver, json.dumps(function)])
        answers = [self.workers[name, setting].ask(**job) for job in jobs]
        failed = next((answer for answer in answers if answer["err"]), None)
        if failed:
            return [failed for _ in jobs]
        expected, stored = len(answers[0]["wall_ms"]) * len(self.sides.split(",")), answers[0]["stored"]
        peak = max(answer["peak"] for answer in answers) / 2**20
        for is_wrong, text in ((stored != expected, f"{stored} objects were stored instead of {expected}"),
                               (peak > setting, f"{peak:.0f} MiB at a setting of {setting}")):
            if is_wrong:
                return [{"err": text} for _ in jobs]
        return answers

    def smallest_setting(self, name, jobs):
        """Returns the smallest setting at which a function does the jobs, twice in a row."""
        for setting in SETTINGS:
            error = next((answer["err"] for _ in range(2) for answer in self.ask(name, setting, jobs) if answer["err"]), None)
            if not error:
                return setting
        raise SystemExit(f"{name} fails at every setting: {error}")

    def measure(self, label, jobs, rounds):
        """Measures the functions that do a work item, in turns, each at its smallest setting. Returns the results by job and
        name. A function that fails gets the next setting, and all are measured again."""
        names = [name for name in self.functions if name != IMAGING or label in IMAGING_WORK]
        settings = {name: self.smallest_setting(name, jobs.values()) for name in names}
        while True:
            results = {job: {name: Result(settings[name]) for name in names} for job in jobs}
            failed = self.measure_rounds(jobs, rounds, settings, results)
            if not failed:
                return results
            settings[failed] = next(setting for setting in SETTINGS if setting > settings[failed])
            note(f"{label}: {failed} has {settings[failed]} MB from now on")

    def measure_rounds(self, jobs, rounds, settings, results):
        """Adds the rounds to the results. Returns the name of a function that failed."""
        for name, counts in in_turns(list(settings), rounds):
            for job, answer in zip(jobs, self.ask(name, settings[name], jobs.values())):
                if answer["err"]:
                    return name
                if counts:
                    results[job][name].add(answer)
        return None

    def end(self):
        """Ends all processes."""
        for worker in self.workers.values():
            worker.end()


def measure_items(options, network):
    """Measures all functions at all work items, in turns. Returns the results by work item and function."""
    items = {label: item for label, item in work(options.pictures).items() if not options.only or label in options.only}
    results = {}
    for sides in dict.fromkeys(sides for sides, _ in items.values()):
        bench = Bench(options, network, sides)
        for label, (_, jobs) in ((label, item) for label, item in items.items() if item[0] == sides):
            note(f"{label}, {network}")
            results.update(bench.measure(label, jobs, options.rounds))
        bench.end()
    return results


def print_results(network, results):
    """Prints the measurements of one network."""
    print(f"\n### {network}\n\n| work | function | wall, ms | CPU, ms | peak, MiB | setting, MB | fetched, KB | requests | "
          "start, ms | GB-s / 1000 | with a share of a core | USD / million: time | all |\n"
          "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for label, by_name in results.items():
        for name, result in by_name.items():
            start = f"{result.median('init'):.0f}" if result.median("init") else ""
            of_time, of_others = result.dollars()
            print(f"| {label} | {name} | {result.median('wall'):.1f} | {result.median('cpu'):.1f} | {result.median('peak'):.0f} | "
                  f"{result.setting} | {result.median('fetched') / 1e3:.0f} | {result.median('requests'):.1f} | {start} | "
                  f"{1e3 * statistics.median(result.gb_seconds()):.2f} | {1e3 * statistics.median(result.shared_gb_seconds()):.2f} | "
                  f"{of_time:.2f} | {of_time + of_others:.2f} |", flush=True)
    print_ratios(results)


def print_ratios(results):
    """Prints the ratios of this program to the others, against their targets."""
    print("\n| work | peer | GB-s, ours / peer | with a share of a core | target |\n|---|---|--:|--:|---|")
    for label, by_name in results.items():
        for peer, result in by_name.items():
            if peer != OURS:
                value = ratio(by_name[OURS].gb_seconds(), result.gb_seconds())
                shared = ratio(by_name[OURS].shared_gb_seconds(), result.shared_gb_seconds())
                print(f"| {label} | {peer} | {value:.3f} | {shared:.3f} | {verdict(value, TARGETS.get(label, {}).get(peer))} |", flush=True)


def zipped(folder):
    """Size of a folder as a zip, bytes."""
    with tempfile.TemporaryDirectory() as scratch:
        return os.path.getsize(shutil.make_archive(os.path.join(scratch, "packages"), "zip", folder))


def print_packages(options):
    """Prints the sizes of the zips that are deployed: the packages of the peers, without their interpreters."""
    print("\n| function | zip, MB |\n|---|--:|")
    archive = os.path.join(ROOT, "dist", "cos-thumbnailer.zip")
    if os.path.exists(archive):
        print(f"| {OURS} | {os.path.getsize(archive) / 1e6:.1f} |")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, "pillow>=12.0", "cos-python-sdk-v5>=1.9"],
                       check=True)
        print(f"| {PILLOW} | {zipped(folder) / 1e6:.1f} |")
    if options.node_modules:
        print(f"| {SHARP} | {zipped(options.node_modules) / 1e6:.1f} |")
    program = os.path.join(WORK, "go", "bootstrap")
    if os.path.exists(program):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(program, folder)
            print(f"| {IMAGING} | {zipped(folder) / 1e6:.1f} |")


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
    print_packages(options)


def write_charts(folder, network, results):
    """Writes the charts of money and memory, of the latest measurements of all work items of a network."""
    path = os.path.join(WORK, "functions.json")
    known = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            known = json.load(file)
    latest = known.setdefault(network, {})
    latest.update({label: {name: {"dollars": sum(result.dollars()), "peak": result.median("peak")} for name, result in by_name.items()}
                   for label, by_name in results.items()})
    with open(path, "w", encoding="utf-8") as file:
        json.dump(known, file)
    os.makedirs(folder, exist_ok=True)
    for file, title, value in (
            ("functions-cost.svg", f"USD for a million invocations and their requests ({network})", "dollars"),
            ("functions-memory.svg", f"Peak memory, MiB ({network})", "peak")):
        groups = {label: {name: one[value] for name, one in by_name.items()} for label, by_name in latest.items()}
        write_bars(os.path.join(folder, file), title, groups)
        note(f"wrote {os.path.join(folder, file)}")
