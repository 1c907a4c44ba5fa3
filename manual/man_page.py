"""The man page."""
import itertools

from help_text import OPTION, PROGRAM


def man_page(text, commands):
    """Returns the page, from the help of the program and that of its commands."""
    sections = dict(split_sections(text))
    lines = [
        f".TH {PROGRAM.upper()} 1",
        ".SH NAME",
        f"{PROGRAM} \\- {escaped(text.splitlines()[0].partition(' - ')[2])}",
        ".SH SYNOPSIS",
        *plain(sections.pop("USAGE")),
        ".SH COMMANDS",
    ]
    documented = [command for command in commands if command.help]
    for help_text, group in itertools.groupby(documented, key=lambda command: command.help):
        lines.append(f".SS {', '.join(command.name for command in group)}")
        lines += of_command(help_text)
    for heading, body in sections.items():
        lines += [f".SH {heading}", *plain(body)]
    return "\n".join([*lines, ""])


def split_sections(text):
    """Yields the headings of a help text, which are not indented, with the lines below them."""
    heading, body = None, []
    for line in text.splitlines():
        if line and not line.startswith(" ") and not line.startswith(PROGRAM):
            if heading is not None:
                yield heading, body
            heading, body = line, []
        elif heading is not None:
            body.append(line)
    yield heading, body


def of_command(text):
    """Returns the help of a command: options as a list, everything else as it is."""
    lines, pending = [], []

    def flush():
        if any(pending):
            lines.extend(plain(pending))
        pending.clear()

    in_option = False
    for line in text.splitlines():
        option = OPTION.match(line)
        if option:
            flush()
            lines += [".TP", f".B {escaped(option['names'])}", escaped(option["text"])]
            in_option = True
        elif in_option and line.startswith(" " * 12):
            lines += [".br", escaped(line.strip())]
        else:
            if in_option:
                lines.append(".PP")
            in_option = False
            if line and not line.startswith(" "):
                flush()
                lines += [".PP", f".B {escaped(line)}"]
            else:
                pending.append(line)
    flush()
    return lines


def plain(lines):
    """Returns lines that keep their breaks."""
    text = "\n".join(lines).strip("\n").splitlines()
    return [".PP", ".nf", *[escaped(line.removeprefix("  ")) or "" for line in text], ".fi"]


def escaped(line):
    """Returns a line without meaning for troff."""
    line = line.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + line if line.startswith((".", "'")) else line
