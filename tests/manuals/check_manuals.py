#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the manual page and the completions of a program to what the program says of itself.

    check_manuals.py CASE PROGRAM FOLDER [COMMAND]...     CASE: page, bash, zsh, fish

FOLDER holds what tools/manuals made. Each --help is asked again here, by its own reading of it; a COMMAND is one that it does not list.
"""
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SKIP = 77


def check(truth, *what):
    if not truth:
        print("not so:", *what, sep="\n")
        sys.exit(1)


def need(program):
    if shutil.which(program) is None:
        print(f"SKIPPED: {program} is not installed")
        sys.exit(SKIP)


def run(*arguments, text=""):
    return subprocess.run(arguments, input=text, capture_output=True, text=True, timeout=30, check=False)


def options_of(program, command):
    """The options that --help lists, one by one: what stands at the beginning of a line."""
    said = run(program, *([command] if command else []), "--help")
    check(said.returncode == 0, program, command, said.stderr)
    lines = re.findall(r"^  (-\S+)", said.stdout, re.MULTILINE)
    check(lines, f"{program} {command} --help lists options")
    return [name for line in lines for name in line.split(",")]


def commands_of(program):
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", run(program, "--help").stdout, re.MULTILINE)
    return re.findall(r"^  (\w\S*)", listed[1], re.MULTILINE) if listed else []


def check_page(program, folder, commands):
    need("groff")
    name = pathlib.Path(program).name
    page = folder / f"{name}.1"
    shown = run("groff", "-man", "-Tutf8", "-ww", "-z", str(page))
    check(shown.returncode == 0 and not shown.stderr, "the page is understood without a warning", shown.stderr)
    source = page.read_text(encoding="utf-8").replace("\\-", "-")
    parts = re.split(rf"^\.SH {name.upper()} ([A-Z]+)$", source, flags=re.MULTILINE)
    sections = {"": parts[0], **{parts[i].lower(): parts[i + 1] for i in range(1, len(parts), 2)}}
    check(list(sections) == ["", *commands], "each command has its section", list(sections))
    for command, text in sections.items():
        tags = re.findall(r"^\.TP\n(.*)$", text, re.MULTILINE)
        names = {each for tag in tags for each in re.findall(r"\\fB(-[^\\]+)\\fR", tag)}
        missing = set(options_of(program, command)) - names
        check(not missing, f"the page tells of every option of '{name} {command}'", missing)
    for part in ("NAME", "SYNOPSIS", "EXIT STATUS", "EXAMPLES"):
        check(re.search(rf"^\.SH {part}$", source, re.MULTILINE), f"there is a section {part}")


def check_candidates(candidates, program, commands):
    """candidates(words): what is offered when the last of the words, perhaps empty, is completed."""
    name = pathlib.Path(program).name
    check(set(commands) <= set(candidates([name, ""])), "commands are offered", candidates([name, ""]))
    for command in ["", *commands]:
        words = [name, *([command] if command else [])]
        offered = set(candidates([*words, "-"])) | set(candidates([*words, "--"]))
        wanted = {each for each in options_of(program, command) if each.startswith("--")}
        check(wanted <= offered, f"every option of '{' '.join(words)}' is offered", wanted - offered)
    last = [name, commands[-1]] if "--backend" in options_of(program, commands[-1]) else [name]
    check(sorted(candidates([*last, "--color", ""])) == ["always", "auto", "never"], "words of a value are offered",
          candidates([*last, "--color", ""]))


def check_bash(program, folder, commands):
    need("bash")
    name = pathlib.Path(program).name

    def candidates(words):
        quoted = " ".join(f"'{word}'" for word in words)
        script = (f"source '{folder}/{name}.bash'\nCOMP_WORDS=({quoted})\nCOMP_CWORD={len(words) - 1}\n"
                  f"_{name.replace('-', '_')}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n")
        done = run("bash", "--norc", "-eu", text=script)
        check(done.returncode == 0 and not done.stderr, "bash", done.stderr)
        return done.stdout.split()

    check_candidates(candidates, program, commands)


def check_fish(program, folder, commands):
    need("fish")
    name = pathlib.Path(program).name

    def candidates(words):
        done = run("fish", "--no-config", "-c", f"source '{folder}/{name}.fish'; complete -C '{' '.join(words)}'")
        check(done.returncode == 0 and not done.stderr, "fish", done.stderr)
        return [line.split("\t")[0] for line in done.stdout.splitlines()]

    check_candidates(candidates, program, commands)


# What is waited for is in no line that is typed, for those are echoed. No dump is made: compinit would put it in the place of a file, with mv. Completion of zsh is a widget of its line editor: a zsh within a pseudo terminal types the words and prints what compadd is given.
ZSH_CAPTURE = r"""
zmodload zsh/zpty
zpty inner zsh -f -i
inner() { zpty -w inner "$1" }
inner 'PROMPT=; stty -echo; fpath=($1 $fpath)'
inner "fpath=('%(folder)s' \$fpath); autoload -Uz compinit; compinit -u -D; bindkey '^I' complete-word"
inner 'zstyle ":completion:*" list-grouped false; zstyle ":completion:*" insert-tab false; zstyle ":completion:*" list-separator ""'
inner 'compadd() { local hits; [[ ${@[(I)-[OAD]]} -gt 0 ]] && { builtin compadd "$@"; return }
  builtin compadd -O hits "$@"; print -rl -- ${hits/#/offered=} >> %(out)s; builtin compadd "$@" }'
inner 'finish() { BUFFER=; print -r -- done""done }; zle -N finish; bindkey "^Xd" finish'
inner 'print -r -- begin""begin'
zpty -r inner ignored '*beginbegin*'
zpty -n -w inner %(words)s$'\t'
zpty -n -w inner $'\x18d'
zpty -r inner ignored '*donedone*'
zpty -d inner
"""


def check_zsh(program, folder, commands):
    need("zsh")
    name = pathlib.Path(program).name
    done = run("zsh", "-n", str(folder / f"_{name}"))
    check(done.returncode == 0 and not done.stderr, "zsh understands the file", done.stderr)
    with tempfile.TemporaryDirectory() as place:
        out = pathlib.Path(place) / "out"

        def candidates(words):
            out.write_text("")
            script = ZSH_CAPTURE % {"folder": folder, "out": out, "words": shlex.quote(" ".join(words))}
            ran = run("zsh", "-f", text=script)
            check(ran.returncode == 0, "zsh", ran.stderr)
            return [line.removeprefix("offered=") for line in out.read_text().split("\n") if line.startswith("offered=")]

        check_candidates(candidates, program, commands)


if __name__ == "__main__":
    case, program_path, made, *unlisted = sys.argv[1:]
    {"page": check_page, "bash": check_bash, "fish": check_fish, "zsh": check_zsh}[case](
        program_path, pathlib.Path(made), commands_of(program_path) + unlisted)
