# SPDX-License-Identifier: MIT
"""Completions of a program for bash, zsh and fish: options, the words that their values may be, commands, and files where files are
meant. Source: bash(1) "Programmable Completion", zshcompsys(1) "_arguments", complete(1) of fish."""
from __future__ import annotations

import shlex

from help_text import Entry, Page

REASON = "Made from the program's --help."


def commands_of(pages: list[Page]) -> dict[str, Page]:
    """By their name; the program itself is ""."""
    return {" ".join(page.words[1:]): page for page in pages}


def function_name(program: str) -> str:
    return "_" + program.replace("-", "_")


def summary(page: Page) -> str:
    return " ".join(page.purpose).split(": ")[0].rstrip(".")


def bash(pages: list[Page]) -> str:
    name = pages[0].name
    by_name = commands_of(pages)
    commands = [each for each in by_name if each]
    lines = [f"# {name}: completion for bash. {REASON}",
             f"{function_name(name)}() {{",
             "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= each",
             "  COMPREPLY=()",
             '  for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
             f"    case $each in {' | '.join(commands)}) command=$each && break ;; esac",
             "  done",
             '  case "$command $before" in']
    for command, page in by_name.items():
        for entry in (option for option in page.options if option.value):
            patterns = " | ".join(f'"{command} {each}"' for each in entry.names)
            if entry.choices:
                action = f"mapfile -t COMPREPLY < <(compgen -W {shlex.quote(' '.join(entry.choices))} -- \"$current\")"
            elif entry.takes_file:
                action = 'mapfile -t COMPREPLY < <(compgen -f -- "$current")'
            else:
                action = ":"
            lines.append(f"    {patterns}) {action} && return ;;")
    lines += ["  esac", "  local words=", "  case $command in"]
    for command, page in by_name.items():
        words = [each for option in page.options for each in option.names]
        pattern = shlex.quote(command) if not command else command
        lines.append(f"    {pattern}) words={shlex.quote(' '.join(words + ([] if command else commands)))} ;;")
    lines += ["  esac",
              '  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")',
              "}",
              f"complete -F {function_name(name)} {name}"]
    return "\n".join(lines) + "\n"


def zsh_text(text: str) -> str:
    for character in "\\[]:":
        text = text.replace(character, "\\" + character)
    return text.replace("'", "'\\''")


def zsh_option(entry: Entry) -> str:
    value = ""
    if entry.choices:
        value = f":value:({' '.join(entry.choices)})"
    elif entry.takes_file:
        value = ":file:_files"
    elif entry.value:
        value = f":{zsh_text(entry.value)}: "
    text = f"[{zsh_text(entry.text)}]"
    if len(entry.names) == 1:
        return f"'{entry.names[0]}{text}{value}'"
    return f"'({' '.join(entry.names)})'{{{','.join(entry.names)}}}'{text}{value}'"


def zsh(pages: list[Page]) -> str:
    name = pages[0].name
    function = function_name(name)
    commands = [(each, page) for each, page in commands_of(pages).items() if each]
    described = " ".join(f'{each}\\:"{zsh_text(summary(page))}"' for each, page in commands)
    lines = [f"#compdef {name}", f"# {name}: completion for zsh. {REASON}", f"{function}() {{",
             "  local curcontext=$curcontext state line", "  _arguments -C \\"]
    lines += [f"    {zsh_option(option)} \\" for option in pages[0].options]
    lines += [f"    '1:command:(({described}))' \\", "    '*::argument:->arguments'",
              "  [[ $state == arguments ]] || return", "  case $words[1] in"]
    for each, page in commands:
        lines += [f"    {each})", "      _arguments \\"]
        lines += [f"        {zsh_option(option)} \\" for option in page.options]
        lines += ["        '*:argument: '", "      ;;"]
    lines += ["  esac", "}", f'{function} "$@"']
    return "\n".join(lines) + "\n"


def fish(pages: list[Page]) -> str:
    name = pages[0].name
    by_name = commands_of(pages)
    commands = [each for each in by_name if each]
    seen = f"__fish_seen_subcommand_from {' '.join(commands)}"
    lines = [f"# {name}: completion for fish. {REASON}", f"complete -c {name} -f"]
    for command in commands:
        lines.append(f"complete -c {name} -n 'not {seen}' -a {command} -d {shlex.quote(summary(by_name[command]))}")
    for command, page in by_name.items():
        condition = f"'__fish_seen_subcommand_from {command}'" if command else f"'not {seen}'"
        for entry in page.options:
            names = " ".join(f"-l {each[2:]}" if each.startswith("--") else f"-s {each[1:]}" for each in entry.names)
            value = ""
            if entry.choices:
                value = f" -x -a '{' '.join(entry.choices)}'"
            elif entry.takes_file:
                value = " -r -F"
            elif entry.value:
                value = " -x"
            lines.append(f"complete -c {name} -n {condition} {names}{value} -d {shlex.quote(entry.text)}")
    return "\n".join(lines) + "\n"
