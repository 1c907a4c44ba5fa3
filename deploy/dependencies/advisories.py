"""Security advisories for the crates in Cargo.lock: read from the database of RustSec, kept in a dated list, and checked."""
import datetime
import json
import operator
import os
import pathlib
import re
import subprocess
import textwrap
import tomllib

from crates import ROOT

DATABASE = "https://github.com/rustsec/advisory-db"
LIST = ROOT / "deploy" / "dependencies" / "advisories.json"
LONGEST_AGE = datetime.timedelta(days=90)
COMPARISONS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def order(version):
    """Returns a key that sorts versions as semver does: a pre-release comes before its release."""
    release, _, rest = version.split("+")[0].partition("-")
    parts = [int(part) for part in release.split(".")]
    tail = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in rest.split(".")] if rest else []
    return parts + [0] * (3 - len(parts)), not rest, tail


def matches(requirement, version):
    """Returns whether a version satisfies a requirement of cargo: comparisons between commas."""
    return all(satisfies(part.strip(), version) for part in requirement.split(","))


def satisfies(comparison, version):
    sign, wanted = re.fullmatch(r"(>=|<=|>|<|=|\^|~)?\s*(\S+)", comparison).groups()
    if wanted == "*":
        return True
    if sign in COMPARISONS:
        return COMPARISONS[sign](order(version), order(wanted))
    parts = [int(part) for part in wanted.split("-")[0].split(".") if part != "*"]
    if sign == "=":
        fixed = len(parts)
    elif sign == "~":
        fixed = min(len(parts), 2)
    else:
        # The first number that is not zero stays.
        fixed = next((at + 1 for at, part in enumerate(parts) if part), len(parts))
    return order(version)[0][:fixed] == parts[:fixed] and order(version) >= order(wanted)


def locked():
    """Returns the versions of each crate of the registry in Cargo.lock."""
    found = {}
    for package in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]:
        if "source" in package:
            found.setdefault(package["name"], []).append(package["version"])
    return found


def git(folder, *arguments):
    return subprocess.check_output(["git", "-C", folder, *arguments], text=True)


def looked_up(folder):
    """Returns the list: all advisories in a clone of the database that are about crates in Cargo.lock, whatever their versions."""
    commit, date = git(folder, "log", "-1", "--format=%H %cs").split()
    crates = locked()
    advisories = []
    for path in git(folder, "ls-tree", "-r", "--name-only", "HEAD", "crates").splitlines():
        if not path.endswith(".md") or path.split("/")[1] not in crates:
            continue
        text = git(folder, "show", f"HEAD:{path}")
        block, _, rest = text.removeprefix("```toml\n").partition("\n```")
        entry = tomllib.loads(block)
        title = next(line for line in rest.splitlines() if line.startswith("# ")).removeprefix("# ")
        if "withdrawn" not in entry["advisory"]:
            advisories.append({"id": entry["advisory"]["id"], "crate": entry["advisory"]["package"],
                               "kind": entry["advisory"].get("informational", "vulnerability"), "title": title.strip(),
                               "patched": entry["versions"]["patched"], "unaffected": entry["versions"].get("unaffected", [])})
    return {"database": DATABASE, "commit": commit, "date": date, "crates": sorted(crates),
            "advisories": sorted(advisories, key=lambda advisory: (advisory["crate"], advisory["id"]))}


def known():
    """Returns the list as it is."""
    return json.loads(LIST.read_text())


def write(found):
    """Writes the list, one advisory a line."""
    advisories = ",\n".join(f"  {json.dumps(advisory, ensure_ascii=False)}" for advisory in found["advisories"])
    head = json.dumps({name: found[name] for name in ("database", "commit", "date")}, indent=1)[:-2]
    LIST.write_text(f'{head},\n "crates": {json.dumps(found["crates"])},\n "advisories": [\n{advisories}\n ]\n}}\n')


def is_affected(advisory, version):
    return not any(matches(requirement, version) for requirement in advisory["patched"] + advisory["unaffected"])


def affected(found, crates):
    """Returns each advisory about a locked version, with that version."""
    return [(advisory, version) for advisory in found["advisories"] for version in crates.get(advisory["crate"], [])
            if is_affected(advisory, version)]


def mistakes(found, crates, accepted):
    """Returns one sentence for each crate that an advisory is about, and each that the list does not cover.

    `accepted` has reasons by the number of an advisory.
    """
    hits = affected(found, crates)
    sentences = [f"{advisory['crate']} {version} is affected by {advisory['id']} ({advisory['kind']}): {advisory['title']}"
                 for advisory, version in hits if advisory["id"] not in accepted]
    sentences += [f"{name} is not covered by the list of advisories: run scripts/dependencies --advisories" for name in sorted(set(crates) - set(found["crates"]))]
    met = {advisory["id"] for advisory, _ in hits}
    return sentences + [f"{number} is accepted in deny.toml, and no locked crate is affected" for number in sorted(set(accepted) - met)]


def age(found, today):
    return today - datetime.date.fromisoformat(found["date"])


def withdrawn(crates):
    """Returns the locked versions that their authors have withdrawn from the registry, as cargo's copy of its index has it, and
    how many crates that copy has.
    """
    home = pathlib.Path(os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo")
    found, seen = [], 0
    for name, versions in crates.items():
        folder = {1: "1", 2: "2", 3: f"3/{name[:1]}"}.get(len(name), f"{name[:2]}/{name[2:4]}").lower()
        for path in home.glob(f"registry/index/*/.cache/{folder}/{name.lower()}"):
            entries = [json.loads(part) for part in path.read_bytes().split(b"\0") if part.startswith(b"{")]
            yanked = {entry["vers"] for entry in entries if entry.get("yanked")}
            seen += 1
            found += [f"{name} {version} was withdrawn from the registry" for version in versions if version in yanked]
            break
    return found, seen


def summary(found, crates, accepted):
    """Returns what the list says, as Markdown."""
    hits = [(advisory, version) for advisory, version in affected(found, crates) if advisory["id"] in accepted]
    count = len(found["advisories"])
    text = (f"The [database of RustSec]({DATABASE}) of {found['date']} (commit `{found['commit'][:12]}`) has {count} advisories about the "
            f"{len(found['crates'])} crates in `Cargo.lock`, of all times and including crates that only tests use. The versions in use "
            f"are affected by {len(hits) or 'none'} of them. `scripts/check` fails for one that is not accepted here, and "
            "`scripts/dependencies --advisories` renews the list.")
    lines = [textwrap.fill(text, 120)]
    if hits:
        lines += ["", "| advisory | crate | kind | why it is accepted |", "|---|---|---|---|"]
        lines += [f"| {advisory['id']} | {advisory['crate']} {version} | {advisory['kind']} | {accepted[advisory['id']]} |" for advisory, version in hits]
    return "\n".join(lines) + "\n"
