"""Shell completion for bash, zsh and fish."""
from help_text import PROGRAM

NOTE = "Completion of cos-thumbnailer for {shell}, written by scripts/manual. {use}"
GENERAL = [("--help", "prints the commands"), ("--version", "prints version, commit and features")]


def bash(commands):
    """Returns the completion for bash."""
    names = " ".join([*(command.name for command in commands), *(name for name, _ in GENERAL)])
    values, options = [], []
    for command in commands:
        listed = [option.name for option in command.options]
        if listed:
            options.append(f'        {command.name}) options="{" ".join(listed)}" ;;')
        for option in filter(lambda option: option.value, command.options):
            words = option.words()
            # The value of any other option is not known.
            action = f'_cos_thumbnailer_words "{" ".join(words)}"' if words else "_cos_thumbnailer_files" if option.is_path() else ":"
            values.append(f'        "{command.name} {option.name}") {action}; return ;;')
    files = "|".join(command.name for command in commands if command.takes_files())
    plain = " ".join(command.name for command in commands if command.name != "help")
    return "\n".join([
        "# " + NOTE.format(shell="bash", use="Source it, or copy it to /usr/share/bash-completion/completions/cos-thumbnailer."),
        "_cos_thumbnailer_words() {",
        '    mapfile -t COMPREPLY < <(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}")',
        "}",
        "_cos_thumbnailer_files() {",
        "    compopt -o filenames 2>/dev/null || :",
        '    mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")',
        "}",
        "_cos_thumbnailer() {",
        '    local command=${COMP_WORDS[1]-} previous=${COMP_WORDS[COMP_CWORD-1]} options=""',
        "    COMPREPLY=()",
        '    if [ "$COMP_CWORD" -eq 1 ]; then',
        f'        _cos_thumbnailer_words "{names}"',
        "        return",
        "    fi",
        '    case "$command $previous" in',
        f'        "help help") _cos_thumbnailer_words "{plain}"; return ;;',
        *values,
        "    esac",
        '    case "$command" in',
        *options,
        "    esac",
        '    case "${COMP_WORDS[COMP_CWORD]}" in',
        '        -*) _cos_thumbnailer_words "$options" ;;',
        f'        *) case "$command" in {files}) _cos_thumbnailer_files ;; *) _cos_thumbnailer_words "$options" ;; esac ;;',
        "    esac",
        "}",
        f"complete -F _cos_thumbnailer {PROGRAM}",
        "",
    ])


def zsh(commands):
    """Returns the completion for zsh."""
    def quoted(text):
        return text.replace("'", "'\\''")

    def described(text):
        escaped = text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
        return quoted(escaped)

    cases = []
    for command in commands:
        arguments = []
        for option in command.options:
            words = option.words()
            action = f"({' '.join(words)})" if words else "_files" if option.is_path() else " "
            value = f":{option.value.lower().replace('|', ' or ')}:{action}" if option.value else ""
            arguments.append(f"'{'*' if option.is_repeatable() else ''}{option.name}[{described(option.text)}]{value}'")
        if command.takes_files():
            arguments.append("'*:file:_files'")
        if command.name == "help":
            arguments = ["'1:command:(" + " ".join(one.name for one in commands if one is not command) + ")'"]
        cases.append(f"        {command.name}) _arguments " + " \\\n            ".join(arguments) + " ;;")
    return "\n".join([
        f"#compdef {PROGRAM}",
        "# " + NOTE.format(shell="zsh", use="Copy it to a folder of $fpath."),
        "_cos-thumbnailer() {",
        "    local -a commands",
        "    commands=(",
        *[f"        '{command.name}:{quoted(command.summary.replace(':', ' -'))}'" for command in commands],
        *[f"        '{name}:{text}'" for name, text in GENERAL],
        "    )",
        "    if (( CURRENT == 2 )); then",
        "        _describe command commands",
        "        return",
        "    fi",
        "    local command=$words[2]",
        "    shift words",
        "    (( CURRENT-- ))",
        "    case $command in",
        *cases,
        "    esac",
        "}",
        '_cos-thumbnailer "$@"',
        "",
    ])


def fish(commands):
    """Returns the completion for fish."""
    def quoted(text):
        escaped = text.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"

    lines = [
        "# " + NOTE.format(shell="fish", use="Copy it to ~/.config/fish/completions."),
        f"complete -c {PROGRAM} -f",
        *[f"complete -c {PROGRAM} -n __fish_use_subcommand -l {name[2:]} -d {quoted(text)}" for name, text in GENERAL],
    ]
    for command in commands:
        lines.append(f"complete -c {PROGRAM} -n __fish_use_subcommand -a {command.name} -d {quoted(command.summary)}")
    for command in commands:
        seen = f"-n '__fish_seen_subcommand_from {command.name}'"
        if command.name == "help":
            names = " ".join(one.name for one in commands if one is not command)
            lines.append(f"complete -c {PROGRAM} {seen} -a {quoted(names)}")
        if command.takes_files():
            lines.append(f"complete -c {PROGRAM} {seen} -F")
        for option in command.options:
            words = option.words()
            value = "" if not option.value else f" -x -a {quoted(' '.join(words))}" if words else " -r -F" if option.is_path() else " -x"
            lines.append(f"complete -c {PROGRAM} {seen} -l {option.name[2:]}{value} -d {quoted(option.text)}")
    return "\n".join([*lines, ""])
