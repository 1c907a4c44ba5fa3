"""The software bill of materials of a zip, as CycloneDX 1.6.

It has neither a serial number nor a time, so that the same program gives the same document.
"""
import hashlib
import json

from crates import PROGRAM

SPECIFICATION = "1.6"


def component(name, version, kind="library", licence=None, checksum=None, **members):
    """Returns a component."""
    found = {"type": kind, "bom-ref": f"{name}@{version}", "name": name, "version": version}
    if licence:
        # A slash is the old form of OR.
        found["licenses"] = [{"expression": licence.replace("/", " OR ")}]
    if checksum:
        found["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return found | members


def of_crate(crate):
    """A crate; one that only runs during the build is out of scope."""
    members = {} if crate.is_linked else {"scope": "excluded"}
    if not crate.is_own:
        members["purl"] = f"pkg:cargo/{crate.name}@{crate.version}"
    return component(crate.name, crate.version, licence=crate.licence, checksum=crate.checksum, **members)


def of_native(part, crate):
    """A part in C or assembler. The archive of its crate has its sources, so that the hash of the crate is theirs too."""
    return component(part["name"], part["version"], licence=part["licence"],
                     description=f"{part['language']} in the crate {crate.name} {crate.version}",
                     externalReferences=[{"type": "website", "url": part["url"]}])


def runtime(tools):
    """What the compiler and the linker add to the program."""
    return [
        component("std", tools["rustc"], licence="MIT OR Apache-2.0", description="The standard library of Rust"),
        component("libunwind", tools["zig"], licence="Apache-2.0 WITH LLVM-exception",
                  description="The unwinder of LLVM, as this version of zig has it"),
    ]


def document(program, crates, native, tools):
    """Returns the bill of a program: its bytes, its crates, the parts of them in C or assembler, and the tools that built it."""
    references = {crate.key: of_crate(crate) for crate in crates}
    own = next(crate for crate in crates if crate.name == PROGRAM)
    root = references.pop(own.key) | {"type": "application", "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(program).hexdigest()}]}
    graph = {crate.key: [root if key == own.key else references[key] for key in sorted(crate.uses)] for crate in crates}
    by_name = {crate.name: crate for crate in crates}
    parts = []
    for part in native:
        if part["crate"] in by_name and (part.get("feature") is None or part["feature"] in by_name[part["crate"]].features):
            parts.append(of_native(part, by_name[part["crate"]]))
            graph[by_name[part["crate"]].key].append(parts[-1])
    added = runtime(tools)
    graph[own.key] += added
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {"lifecycles": [{"phase": "build"}], "component": root},
        "components": [*references.values(), *parts, *added],
        "dependencies": [{"ref": (root if key == own.key else references[key])["bom-ref"],
                          "dependsOn": sorted({used["bom-ref"] for used in uses})} for key, uses in graph.items()],
        "formulation": [{"components": [component(name, version, "application") for name, version in sorted(tools.items())]}],
    }


def written(bill):
    """Returns the bytes of a bill."""
    return (json.dumps(bill, indent=1, ensure_ascii=False) + "\n").encode()
