"""The licences of crates: which are allowed, and the notices that they ask for."""
import re

from crates import ROOT

FILES = re.compile(r"(licen[cs]e|copying|copyright|notice|patents)", re.I)
CODE = (".rs", ".c", ".h")


def is_allowed(expression, allowed):
    """Returns whether allowed licences satisfy an SPDX expression."""
    words = re.findall(r"\(|\)|[^\s()/]+|/", expression)
    python = []
    for position, word in enumerate(words):
        if word in "()":
            python.append(word)
        elif word.upper() in ("AND", "OR") or word == "/":
            python.append("and" if word.upper() == "AND" else "or")
        elif word.upper() == "WITH" or (position and words[position - 1].upper() == "WITH"):
            continue
        else:
            name = " WITH ".join([word, words[position + 2]]) if words[position + 1 : position + 2] == ["WITH"] else word
            python.append(str(name in allowed or word in allowed))
    return bool(python) and eval(" ".join(python))  # contains only True, False, and, or, and brackets


def mistakes(crates, config):
    """Returns one sentence for each crate that a configuration of cargo-deny refuses."""
    allowed = set(config["licenses"]["allow"])
    banned = {entry["crate"] for entry in config["bans"]["deny"]}
    found = [f"{crate.name} {crate.version} is banned: deny.toml gives the reason" for crate in crates if crate.name in banned]
    return found + [f"{crate.name} {crate.version} has the licence {crate.licence!r}, which deny.toml does not allow"
                    for crate in crates if not is_allowed(crate.licence, allowed)]


def notices(crates):
    """Returns the licences of the program and of crates, with the texts that are in them, and in their C code."""
    texts, parts = {}, []
    for crate in crates:
        if crate.is_own:
            continue
        files = sorted(path for path in crate.folder.rglob("*")
                       if path.is_file() and FILES.match(path.name) and path.suffix not in CODE)
        found = []
        for path in files:
            text = path.read_text(errors="replace").strip()
            number = texts.setdefault(text, len(texts) + 1)
            found.append(f"[{number}]")
        authors = ", ".join(crate.authors)
        parts.append(f"{crate.name} {crate.version} ({crate.licence}){': ' if authors else ''}{authors}"
                     f"{' ' if found else ''}{' '.join(dict.fromkeys(found))}")
    own = [(ROOT / name).read_text().strip() for name in ("LICENSE-MIT", "LICENSE-APACHE")]
    listed = "\n".join(parts)
    full = "\n\n".join(f"[{number}]\n\n{text}" for text, number in texts.items())
    return (f"cos-thumbnailer (MIT OR Apache-2.0)\n\n{own[0]}\n\nIt contains the following, under the licences named. "
            f"Numbers are those of the texts below.\n\n{listed}\n\n{full}\n")
