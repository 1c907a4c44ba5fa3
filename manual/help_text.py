"""The commands and options of cos-thumbnailer, from its help texts."""
import dataclasses
import re
import subprocess

PROGRAM = "cos-thumbnailer"
# Values that are paths.
PATHS = ("FILE", "PLACE")

USAGE = re.compile(rf"^  {PROGRAM} (?P<names>[a-z|]+)(?P<arguments>.*)$")
SUMMARY = re.compile(rf"^  {PROGRAM} (?P<name>[a-z]+)\b.*?  +(?P<text>\S.*)$")
OPTION = re.compile(r"^  (?P<names>--[a-z-]+( [A-Z][A-Za-z|]*)?(, --[a-z-]+( [A-Z]\S*)?)*) +(?P<text>\S.*)$")
# Values that the text of an option lists: "jpeg, png, webp or gif", or a line "listing: …" for each.
CHOICE = re.compile(r"^[a-z-]+(, [a-z-]+)* or [a-z-]+\b")
MEANING = re.compile(r"^([a-z-]+):( |$)")
# A heading of options that only one of the commands of a text takes.
ONLY = re.compile(r"^[A-Z].*\((?P<name>[a-z]+) only\)$")


@dataclasses.dataclass
class Option:
    """An option of a command."""
    name: str
    # Name of the value; None for a switch.
    value: str | None
    # Its meaning, line by line.
    lines: list

    @property
    def text(self):
        """The first line of its meaning, without the explanation of its first word."""
        return self.lines[0] if self.lines else "see --help"

    def words(self):
        """Returns the values that it can have, if its meaning lists them."""
        found = [match[1] for match in map(MEANING.match, self.lines) if match]
        choice = CHOICE.match(self.lines[0]) if self.lines else None
        return found if len(found) > 1 else re.split(r", | or ", choice[0]) if choice else []

    def is_path(self):
        return self.value in PATHS

    def is_repeatable(self):
        return any("repeatable" in line for line in self.lines)


@dataclasses.dataclass
class Command:
    """A command with its options."""
    name: str
    summary: str
    # Its whole help text, which several commands may share.
    help: str
    options: list

    def takes_files(self):
        return any(match["names"] == self.name and re.search(r" (SRC|DST)\b", match["arguments"])
                   for match in map(USAGE.match, self.help.splitlines()) if match)


def ask(program, *arguments):
    """Returns what the program prints."""
    return subprocess.run([program, *arguments], text=True, capture_output=True, check=True).stdout


def read_commands(program):
    """Returns the help text of the program and its commands, `help` included."""
    text = ask(program, "--help")
    summaries = [match for match in map(SUMMARY.match, text.splitlines()) if match]
    commands = []
    for summary in summaries:
        name = summary["name"]
        own = "" if name == "help" else ask(program, "help", name)
        options = read_options(name, own) if own else []
        commands.append(Command(name, summary["text"], own, options))
    return text, commands


def read_options(command, text):
    """Returns the options of a command: those with a line, then those of its usage."""
    options, owner, current = [], None, []
    for line in text.splitlines():
        if line and not line.startswith(" "):
            only = ONLY.match(line)
            owner = only["name"] if only else None
        match = OPTION.match(line)
        if match and owner in (None, command):
            current = []
            for part in match["names"].split(", "):
                name, _, value = part.partition(" ")
                current.append(Option(name, value or None, [match["text"]]))
            options += current
        elif re.match(r"^ {12,}\S", line):
            for option in current:
                option.lines.append(line.strip())
        else:
            current = []
    for usage in filter(None, map(USAGE.match, text.splitlines())):
        if command in usage["names"].split("|"):
            known = {option.name for option in options}
            for name, value in re.findall(r"(--[a-z-]+)(?: ([A-Z][A-Za-z]*))?", usage["arguments"]):
                if name not in known:
                    options.append(Option(name, value or None, []))
                    known.add(name)
    return [*options, Option("--help", None, ["prints the options of the command"])]
