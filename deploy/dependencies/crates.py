"""The crates of the program, as cargo resolves them for the zip."""
import json
import pathlib
import re
import subprocess
import tomllib
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = "cos-thumbnailer"
TARGET = "x86_64-unknown-linux-gnu"
# Every feature that a zip can have.
ALL_FEATURES = ("asm", "heic")
LINE = re.compile(r"(?P<depth>\d+)(?P<name>\S+) v(?P<version>[^\s|]+)[^|]*\|(?P<features>[^ ]*)(?: \(\*\))?")


@dataclass
class Crate:
    """A crate with the features that the program uses."""

    name: str
    version: str
    licence: str
    folder: pathlib.Path
    source: pathlib.Path
    authors: list
    repository: str | None
    # SHA-256 of the archive in the registry; None for packages of this repository.
    checksum: str | None
    # False for what only runs during the build: build scripts, procedural macros and all they use.
    is_linked: bool
    features: frozenset
    uses: set = field(default_factory=set)

    @property
    def key(self):
        return self.name, self.version

    @property
    def is_own(self):
        return self.checksum is None


def output(*command):
    return subprocess.check_output(command, text=True, cwd=ROOT)


def chosen(features):
    """Returns the option of cargo for features of the program."""
    return ["--features", ",".join(features)] if features else []


def tree(edges, features):
    """Returns the features and the dependencies of each crate that the program reaches by edges of some kinds."""
    found, uses, path = {}, {}, []
    for line in output("cargo", "tree", "--locked", "--package", PROGRAM, "--edges", edges, "--prefix", "depth",
                       "--format", "{p}|{f}", "--target", TARGET, *chosen(features)).splitlines():
        match = LINE.fullmatch(line)
        key = match["name"], match["version"]
        del path[int(match["depth"]):]
        if path:
            uses[path[-1]].add(key)
        path.append(key)
        found.setdefault(key, set()).update(filter(None, match["features"].split(",")))
        uses.setdefault(key, set())
    return found, uses


def crates(features=ALL_FEATURES):
    """Returns all crates of the program and of its build, sorted by name."""
    metadata = json.loads(output("cargo", "metadata", "--format-version=1", "--locked", f"--filter-platform={TARGET}", *chosen(features)))
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}
    linked, _ = tree("normal,no-proc-macro", features)
    every, uses = tree("normal,build", features)
    found = []
    for package in metadata["packages"]:
        key = package["name"], package["version"]
        if key not in every:
            continue
        [source] = [target["src_path"] for target in package["targets"]
                    if {"lib", "rlib", "proc-macro"} & set(target["kind"])]
        manifest = pathlib.Path(package["manifest_path"])
        found.append(Crate(*key, package["license"] or "", manifest.parent, pathlib.Path(source), package["authors"], package["repository"],
                           checksums[key], key in linked, frozenset(linked.get(key, every[key])), uses[key]))
    return sorted(found, key=lambda crate: crate.key)
