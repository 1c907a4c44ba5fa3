"""The reviewed list of crates: their unsafe code, their C and assembler, and what tests that code."""
import json
import re
import textwrap
import tomllib
from concurrent.futures import ProcessPoolExecutor

from crates import ROOT, TARGET
from rust_source import count

LIST = ROOT / "deploy" / "dependencies" / "reviewed.toml"


def counted(linked):
    """Returns the count of each crate by name and version."""
    with ProcessPoolExecutor() as pool:
        return dict(zip([crate.key for crate in linked], pool.map(count, linked, [TARGET] * len(linked), chunksize=8)))


def facts(count):
    return {"unsafe": count.unsafe, "lines": count.lines, "forbids": count.forbids}


def reviewed():
    """Returns the list as it is: the kinds of evidence, the parts in C or assembler, and the crates."""
    return tomllib.loads(LIST.read_text())


def mistakes(linked, counts, listed):
    """Returns one sentence for each difference between the list and the crates, and for evidence that is not explained."""
    found = []
    entries = {tuple(key.split(" ")): entry for key, entry in listed["crates"].items()}
    for crate in linked:
        entry = entries.pop(crate.key, None)
        name = " ".join(crate.key)
        if crate.is_own and (counts[crate.key].unsafe or not counts[crate.key].forbids):
            found.append(f"{name} is a package of this repository, and must forbid unsafe code")
        elif not crate.is_own and entry is None:
            found.append(f"{name} is not in the list")
        elif not crate.is_own and facts(counts[crate.key]) != {name: entry[name] for name in ("unsafe", "lines", "forbids")}:
            found.append(f"{name} is in the list with {entry}, and has {facts(counts[crate.key])}")
        for kind in (entry or {}).get("evidence", []):
            if kind not in listed["evidence"]:
                found.append(f"{name} has the evidence {kind!r}, which the list does not explain")
    found += [f"{' '.join(key)} is in the list, and not in the program" for key in entries]
    present = {crate.name: crate for crate in linked}
    for part in listed["native"]:
        if part["crate"] not in present:
            found.append(f"{part['name']} is in the list, and {part['crate']} is not in the program")
        elif "version_file" in part:
            text = (present[part["crate"]].folder / part["version_file"]).read_text()
            version = ".".join(re.findall(part["version_pattern"], text))
            if version != part["version"]:
                found.append(f"{part['name']} is in the list as {part['version']}, and in {part['crate']} as {version}")
    return found


def renewed(text, linked, counts):
    """Returns the text of the list with the counts as they are. The evidence of unsafe code that has changed is dropped."""
    head, _, rows = text.partition("[crates]\n")
    listed = tomllib.loads(text)["crates"] if rows else {}
    lines = []
    for crate in linked:
        if crate.is_own:
            continue
        found = facts(counts[crate.key])
        before = listed.get(" ".join(crate.key)) or next((entry for key, entry in listed.items() if key.split(" ")[0] == crate.name), {})
        members = [f"unsafe = {found['unsafe']}", f"lines = {found['lines']}", f"forbids = {str(found['forbids']).lower()}"]
        if before.get("unsafe") == found["unsafe"]:
            members += [f"{name} = {json.dumps(before[name])}" for name in ("evidence", "audits") if name in before]
        lines.append(f'"{" ".join(crate.key)}" = {{ {", ".join(members)} }}\n')
    return f"{head}[crates]\n{''.join(lines)}"


def table(listed):
    """Returns the crates with unsafe code, and the parts in C or assembler, as Markdown."""
    def tests(entry):
        kinds = [*entry.get("evidence", []), *(f"audit: {version}" for version in entry.get("audits", []))]
        return ", ".join(kinds) or "–"

    entries = listed["crates"]
    with_unsafe = sorted((key for key in entries if entries[key]["unsafe"]), key=lambda key: (-entries[key]["unsafe"], key))
    without = [entry for entry in entries.values() if not entry["unsafe"]]
    open_ones = [key for key in with_unsafe if tests(entries[key]) == "–"]
    intro = (f"The packages of this repository forbid unsafe code. Of {len(entries)} other crates in the program, {len(without)} contain none, "
             f"and {sum(entry['forbids'] for entry in without)} of these forbid it. {len(with_unsafe)} contain some, {len(open_ones)} of them without "
             "a test or audit named here. Counted are the words `unsafe` in the code that is compiled for a zip with all features.")
    kinds = [textwrap.fill(f"- **{kind}**: {text}", 120, subsequent_indent="  ", break_long_words=False) for kind, text in listed["evidence"].items()]
    lines = [
        textwrap.fill(intro, 120),
        "",
        *kinds,
        "",
        "| C or assembler | version | in the crate | language | tested by |",
        "|---|---|---|---|---|",
        *(f"| {part['name']} | {part['version']} | {part['crate']} | {part['language']} | {', '.join(part['evidence']) or '–'} |"
          for part in listed["native"]),
        "",
        "| crate | version | `unsafe` | lines | tested by |",
        "|---|---|---:|---:|---|",
    ]
    for key in with_unsafe:
        name, version = key.split(" ")
        entry = entries[key]
        lines.append(f"| {name} | {version} | {entry['unsafe']} | {entry['lines']} | {tests(entry)} |")
    return "\n".join(lines) + "\n"
