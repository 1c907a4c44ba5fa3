"""The programs that scripts/bench compares: how they are installed, built, started and measured."""
import json
import os
import shutil
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
WORK = os.path.join(TARGET, "bench")
PEERS = os.path.join(ROOT, "benches", "peers")
QUALITY_SCRIPT = os.path.join(PEERS, "quality.py")
REQUIREMENTS = ["cos-python-sdk-v5>=1.9", "numpy>=2.0", "pillow>=12.0", "pillow-heif>=1.1",
                "pyvips[binary]>=3.0", "simplejpeg>=1.8"]
# Rounds that warm up and do not count.
WARM_UP = 2


def note(text):
    """Prints a progress message to standard error."""
    print(text, file=sys.stderr, flush=True)


def output(*command, **options):
    """Runs a command and returns its standard output."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def python():
    """Interpreter of the environment that has the Python peers."""
    return os.path.join(WORK, "venv", "bin", "python")


def install():
    """Installs the Python peers."""
    if not os.path.exists(python()):
        output(sys.executable, "-m", "venv", os.path.join(WORK, "venv"))
    note("installing " + ", ".join(REQUIREMENTS))
    output(python(), "-m", "pip", "install", "--quiet", *REQUIREMENTS)


def build(*arguments):
    """Runs cargo with these arguments and returns the path of the program that it builds."""
    lines = output("cargo", *arguments, "--locked", "--message-format=json", cwd=ROOT).splitlines()
    messages = (json.loads(line) for line in lines)
    return next(message["executable"] for message in messages if message.get("executable"))


def features():
    """Returns the options for cargo that choose the features of the release with HEIC, as far as this machine can build
    them."""
    if shutil.which("nasm"):
        return ["--features", "asm,heic"]
    note("AV1 is measured without its assembler: nasm is not installed")
    return ["--features", "heic"]


def build_program():
    """Builds this program as the release does, and returns its path."""
    note("building")
    return build("build", "--release", *features(), "--bin", "cos-thumbnailer")


def build_decoder():
    """Builds the benchmark of the JPEG decoder and returns its path."""
    return build("bench", "--package", "thumbnail-jpeg", "--bench", "decode", "--no-run")


def node_environment(options, *modules):
    """Returns the environment in which node finds these modules, or None when it does not find them."""
    environment = {"NODE_PATH": options.node_modules} if options.node_modules else {}
    probe = ["node", "-e", "".join(f"require('{module}');" for module in modules)]
    found = shutil.which("node") and not subprocess.run(
        probe, env={**os.environ, **environment}, stderr=subprocess.DEVNULL).returncode
    return environment if found else None


def thumbnail_makers(options, program):
    """Returns the commands of all thumbnail makers, `(command, environment)` by name, this program first."""
    libraries = os.path.join(PEERS, "libraries.py")
    commands = {"ours": ([program, "render", "--serve"], {})}
    commands["libvips"] = ([python(), libraries, "libvips"], {})
    commands["libvips, 1 thread"] = ([python(), libraries, "libvips"], {"VIPS_CONCURRENCY": "1"})
    for name in ("pillow", "pillow-lanczos"):
        commands[name] = ([python(), libraries, name], {})
    if options.pillow_simd:
        for name in ("pillow", "pillow-lanczos"):
            commands[name.replace("pillow", "pillow-simd")] = ([options.pillow_simd, libraries, name], {})
    else:
        note("Pillow-SIMD is omitted: pass --pillow-simd to measure it")
    environment = node_environment(options, "sharp")
    if environment is None:
        note("sharp is omitted: node does not find it")
    else:
        commands["sharp"] = (["node", os.path.join(PEERS, "sharp.cjs")], environment)
    return commands


class Worker:
    """A process that carries out jobs: one line of JSON for each job, one for each answer."""

    def __init__(self, command, environment=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, **(environment or {})}, text=True)

    def ask(self, **job):
        """Carries out a job and returns the answer. A process that has ended answers with an error."""
        try:
            self.process.stdin.write(json.dumps(job) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            return {"err": "the process ended", "cpu_ms": 0.0, "rss_kb": 0}

    def end(self):
        """Closes the input of the process and waits for its end."""
        self.process.stdin.close()
        self.process.wait()


def in_turns(names, rounds):
    """Yields `(name, counts)` for every name in every round. Each round begins with another name, so that no program
    profits from its position. Warm-up rounds do not count."""
    for number in range(rounds + WARM_UP):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            yield name, number >= WARM_UP


def measure(workers, job, rounds):
    """Returns, by worker, the processor milliseconds of every round or the error text, and the last answer."""
    times, last = {name: [] for name in workers}, {}
    for name, counts in in_turns(list(workers), rounds):
        if isinstance(times[name], str):
            continue
        last[name] = workers[name].ask(**job(name))
        if last[name]["err"]:
            times[name] = last[name]["err"]
        elif counts:
            times[name].append(last[name]["cpu_ms"])
    return times, last


def ratio(ours, theirs):
    """Median of the ratios of the rounds."""
    return statistics.median(a / b for a, b in zip(ours, theirs) if b)


def verdict(value, target):
    """Returns whether a value meets its target, as text. No target gives no text."""
    return "" if target is None else f"{'met' if value <= target else '**missed**'}: ≤ {target:.2f}"


def verdict_of_score(score, least):
    """Returns whether a score, rounded to one decimal, reaches the least one, as text."""
    return f"{'met' if round(score, 1) >= least else '**missed**'}: ≥ {least:.1f}"


def print_machine():
    """Prints the processor and the versions of the peers."""
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown CPU")
    versions = output(python(), "-c", "from importlib.metadata import version as v\nfor n in ('simplejpeg', 'pyvips-binary', "
                      "'pillow'): print(n, v(n), end=', ')").rstrip(", ")
    print(f"{model}, {os.cpu_count()} cores; {versions}\n")
