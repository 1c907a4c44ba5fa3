"""Occurrences of `unsafe` in the Rust code of a crate that is compiled for the program.

The code is read token by token, so that comments and strings do not count, and module by module, so that files, modules
and items that a `cfg` leaves out do not count either. Three approximations remain. Code in macros counts once, where it
is written. A flag that only a build script can set counts as set and as not set. Code that a build script writes is not
read.
"""
import re
import subprocess
import tomllib
from dataclasses import dataclass, field
from functools import cache

from crates import ROOT

TOKEN = re.compile(r"""
    (?P<space>\s+|//[^\n]*)
    |(?P<comment>/\*)
    |(?P<text>(?:b|c)?r(?P<hashes>\#*)".*?"(?P=hashes)|(?:b|c)?"(?:[^"\\]|\\.)*"|b?'(?:[^'\\]|\\(?:u\{[^}]*\}|x..|.))')
    |(?P<word>(?:r\#)?[^\W\d]\w*)
    |(?P<other>'[^\W\d]\w*|\d\w*|.)
""", re.VERBOSE | re.DOTALL)
COMMENT_EDGE = re.compile(r"/\*|\*/")
CLOSING = {"(": ")", "[": "]", "{": "}"}
# The first words of items, after their visibility.
ITEMS = {"async", "const", "enum", "extern", "fn", "impl", "let", "macro_rules", "mod", "safe", "static", "struct", "trait",
         "type", "union", "unsafe", "use"}
# Items that end with a semicolon, whatever braces they contain.
STATEMENTS = {"const", "let", "static", "type", "use"}
BLOCKS = {"{", "for", "if", "loop", "match", "unsafe", "while"}
# Flags of tests, documentation and tools, which no build of the program sets.
UNSET = {"debug_assertions", "doc", "docsrs", "doctest", "fuzzing", "kani", "loom", "miri", "overflow_checks", "proc_macro", "test"}


@cache
def tokens(path):
    """Returns the tokens of a file, `(text, line)` each."""
    source = path.read_text(errors="replace")
    found, at, line = [], 0, 1
    while at < len(source):
        match = TOKEN.match(source, at)
        end = match.end()
        if match["comment"]:
            depth = 1
            while depth and (edge := COMMENT_EDGE.search(source, end)):
                depth += 1 if edge[0] == "/*" else -1
                end = edge.end()
        elif not match["space"]:
            found.append((match[0], line))
        line += source.count("\n", at, end)
        at = end
    return found


@cache
def target_flags(target):
    """Returns the flags of a target, `(name, value)` each, without those of a build for debugging."""
    lines = subprocess.check_output(["rustc", "--print", "cfg", "--target", target], text=True).splitlines()
    pairs = (line.partition("=") for line in lines)
    return frozenset((name, value.strip('"') or None) for name, _, value in pairs if name not in UNSET)


@dataclass
class Count:
    """The unsafe code of a crate."""

    unsafe: int = 0
    lines: int = 0
    # Whether the compiler is told to refuse unsafe code.
    forbids: bool = False
    files: set = field(default_factory=set)


class Reader:
    """Counts in one crate, from its first file on."""

    def __init__(self, crate, target):
        self.features = crate.features
        self.flags = target_flags(target)
        self.names = {name for name, _ in self.flags}
        scripts = [*crate.folder.glob("*.rs"), *crate.folder.glob("build/*.rs")]
        self.script = "".join(script.read_text(errors="replace") for script in sorted(scripts))
        # Macros that put one `cfg` before the items in them.
        self.guards = {}
        # Macros whose argument is the name of a module.
        self.declarations = set()
        self.count = Count()
        self.root = crate.source
        self.read(self.root, self.root.parent)

    def read(self, path, folder):
        """Reads a file whose modules are in a folder. One that no build would find is left out by a flag unknown here."""
        if not path.is_file() or path in self.count.files:
            return
        self.count.files.add(path)
        file = File(self, path, folder)
        file.walk(0, len(file.tokens), folder)
        self.count.lines += len(file.lines)

    def holds(self, words):
        """Returns whether a predicate of `cfg` holds, or None if that depends on a build script."""
        name, rest = words[0], words[1:]
        if rest[:1] == ["("]:
            values = [self.holds(part) for part in split(rest[1:-1])]
            if name == "not":
                return None if values[0] is None else not values[0]
            decisive = name == "any"
            return decisive if decisive in values else None if None in values else not decisive
        value = rest[1].strip('"') if rest[:1] == ["="] else None
        if name in ("true", "false"):
            return name == "true"
        if name == "feature":
            return value in self.features
        if name in self.names or name in UNSET or name not in self.script:
            return (name, value) in self.flags
        return None


class File:
    """One file of a crate, or the tokens of it that are compiled."""

    def __init__(self, reader, path, folder):
        self.reader, self.path, self.folder = reader, path, folder
        self.tokens = tokens(path)
        self.lines = set()

    def word(self, at):
        return self.tokens[at][0] if at < len(self.tokens) else ""

    def name(self, at):
        return self.word(at).removeprefix("r#")

    def words(self, start, end):
        return [text for text, _ in self.tokens[start:end]]

    def group(self, at):
        """Returns the place after the group that begins at a bracket."""
        depth = 0
        while at < len(self.tokens):
            word = self.word(at)
            depth += (word in CLOSING) - (word in CLOSING.values())
            at += 1
            if not depth:
                break
        return at

    def walk(self, at, end, folder):
        """Counts in the tokens of a range; modules without a body are below a folder."""
        path = None
        while at < end:
            word = self.word(at)
            if word == "#" and (self.word(at + 1) == "[" or self.words(at + 1, at + 3) == ["!", "["]):
                is_inner = self.word(at + 1) == "!"
                after = self.group(at + 1 + is_inner)
                applies = True
                for attribute in self.attributes(self.words(at + 2 + is_inner, after - 1)):
                    if attribute[:2] == ["cfg", "("]:
                        applies = self.reader.holds(attribute[2:-1])
                    elif attribute[:2] == ["path", "="]:
                        path = attribute[2].strip('"')
                    elif is_inner and attribute[:1] == ["forbid"] and self.path == self.reader.root and folder == self.folder:
                        self.reader.count.forbids |= "unsafe_code" in attribute
                self.take(at, after)
                at = after
                if applies is False:
                    at = end if is_inner else self.skipped(at, end)
                continue
            if word == "if" and self.words(at + 1, at + 4) == ["#", "[", "cfg"]:
                at = self.chain(at, end, folder)
                continue
            if word == "mod" and self.word(at + 2) in (";", "{") and self.name(at + 1).isidentifier():
                at = self.module(at, folder, path)
                path = None
            elif word == "macro_rules" and self.word(at + 1) == "!":
                self.define(at)
                self.take(at, at + 1)
                at += 1
            elif word == "include" and self.words(at + 1, at + 3) == ["!", "("] and self.word(at + 3)[:1] == '"':
                self.reader.read(self.path.parent / self.word(at + 3).strip('"'), folder)
                at += 1
            elif word in self.reader.guards and self.words(at + 1, at + 3) == ["!", "{"]:
                at = at + 2 if self.reader.guards[word] is not False else self.group(at + 2)
            elif word in self.reader.declarations and self.words(at + 1, at + 3) == ["!", "("]:
                place = at + 3 + (self.word(at + 3) == "pub")
                after = self.group(place + 1) if self.word(place + 1) == "{" else place + 1
                self.take(at, place + 1)
                if after > place + 1:
                    self.walk(place + 1, after, folder / self.name(place))
                else:
                    self.find(folder, self.name(place))
                at = after
            else:
                self.take(at, at + 1)
                at += 1

    def take(self, start, end):
        """Counts the tokens of a range."""
        for text, line in self.tokens[start:end]:
            self.reader.count.unsafe += text == "unsafe"
            self.lines.add(line)

    def attributes(self, words):
        """Returns an attribute, or those that `cfg_attr` makes of it."""
        if words[:1] != ["cfg_attr"]:
            return [words]
        condition, *attributes = split(words[2:-1]) or [["false"]]
        is_set = self.reader.holds(condition) is not False
        return [inner for attribute in attributes if is_set for inner in self.attributes(attribute)]

    def module(self, at, folder, path):
        """Reads a module, and returns the place after it."""
        name = self.name(at + 1)
        self.take(at, at + 3)
        if self.word(at + 2) == "{":
            end = self.group(at + 2)
            self.walk(at + 3, end - 1, folder / (path or name))
            self.take(end - 1, end)
            return end
        if path:
            # A path is relative to the file, unless a module with a body is around.
            base = self.path.parent if folder == self.folder else folder
            self.reader.read(base / path, (base / path).parent)
        else:
            self.find(folder, name)
        return at + 3

    def find(self, folder, name):
        """Reads a module from one of its two places. If a macro declares it, that may be used beside the file of the macro."""
        for base in (folder, self.path.parent):
            for place in (base / f"{name}.rs", base / name / "mod.rs"):
                if place.is_file():
                    return self.reader.read(place, base / name)

    def define(self, at):
        """Remembers a macro that puts one `cfg` before each item in it, as in `cfg_rt! { mod runtime; }`."""
        body = " ".join(self.words(at + 3, self.group(at + 3)))
        guard = re.fullmatch(r"\{ \( (?:# \[ .* \] )?\$ \( .*\$ (\w+) : item \) \* \) = > \{ \$ \( (?:# \[ (?:cfg_attr|doc) .*?\] )?"
                             r"# \[ cfg \( ((?:(?! \] ).)*) \) \] .*\$ \1 \) \* \} ;? ?\}", body)
        if guard:
            self.reader.guards[self.word(at + 2)] = self.reader.holds(guard[2].split())
        if re.search(r"\{ mod \$ \w+ ;", body):
            self.reader.declarations.add(self.word(at + 2))

    def chain(self, at, end, folder):
        """Counts in the branches of `if #[cfg(...)] { } else if #[cfg(...)] { } else { }`, as cfg_if has them."""
        is_open = True
        while at < end and is_open is not False:
            applies = True
            if self.word(at) == "if":
                after = self.group(at + 2)
                applies, at = self.reader.holds(self.words(at + 5, after - 2)), after
            after = self.group(at)
            if applies is not False:
                self.walk(at, after, folder)
            is_open = applies is not True
            at = after
            if self.word(at) != "else":
                return at
            at += 1
        # The branches after one that applies.
        while True:
            while self.word(at) != "{":
                at = self.group(at) if self.word(at) in CLOSING else at + 1
            at = self.group(at)
            if self.word(at) != "else":
                return at
            at += 1

    def skipped(self, at, end):
        """Returns the place after the item, statement, field or arm that begins at a place."""
        while self.word(at) == "#":
            at = self.group(at + 1)
        first = at
        if self.word(first) == "pub":
            first = self.group(first + 1) if self.word(first + 1) == "(" else first + 1
        kind = self.word(first)
        if kind == "const" and self.word(first + 1) in ("async", "extern", "fn", "unsafe"):
            kind = "fn"
        is_item = kind in ITEMS
        angles, after_arrow = 0, False
        while at < end:
            word = self.word(at)
            if word in CLOSING:
                at = self.group(at)
                if word == "{" and kind not in STATEMENTS:
                    is_macro = self.word(first + 1) == "!"
                    is_block = kind in BLOCKS and self.word(at) not in ("else", ".", "?")
                    if is_item and kind != "unsafe" or is_block or is_macro or after_arrow:
                        return at + (self.word(at) == "," and after_arrow)
                after_arrow = False
                continue
            if word in CLOSING.values():
                return at
            at += 1
            if word == ";" or word == "," and not is_item and angles <= 0:
                return at
            after_arrow = word == ">" and self.word(at - 2) == "="
            is_arrow = after_arrow or word == ">" and self.word(at - 2) == "-"
            angles += (word == "<") - (word == ">" and not is_arrow)
        return end


def split(words):
    """Returns the parts of a list between commas outside of brackets."""
    parts, depth = [[]], 0
    for word in words:
        depth += (word in CLOSING) - (word in CLOSING.values())
        if word == "," and not depth:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def count(crate, target):
    """Counts the unsafe code of a crate."""
    found = Reader(crate, target).count
    lints = tomllib.loads((crate.folder / "Cargo.toml").read_text()).get("lints", {})
    if lints.get("workspace"):
        lints = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["lints"]
    level = lints.get("rust", {}).get("unsafe_code")
    found.forbids |= (level["level"] if isinstance(level, dict) else level) == "forbid"
    return found
