# SPDX-License-Identifier: MIT
"""A manual page of a program and its commands. Source: man(7)."""
from __future__ import annotations

from help_text import Entry, Page


def escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("^", "\\(ha").replace("~", "\\(ti")
    return "\\&" + text if text.startswith(".") else text


def entry_lines(entries: list[Entry]) -> list[str]:
    lines = []
    for entry in entries:
        names = ", ".join(f"\\fB{escaped(name)}\\fR" for name in entry.names)
        value = f" \\fI{escaped(entry.value)}\\fR" if entry.value else ""
        lines += [".TP", names + value, escaped(entry.text) or "\\&"]
    return lines


def prose_lines(prose: list[str]) -> list[str]:
    """Paragraphs; indented lines stay as they are."""
    lines: list[str] = []
    literal = False
    for number, line in enumerate(prose):
        following = prose[number + 1] if number + 1 < len(prose) else ""
        # A line with columns begins a block that is not filled: its next line is indented.
        indented = line.startswith(" ") or (bool(line) and following.startswith("    ") and "   " in line)
        if indented != literal and line:
            lines.append(".EX" if indented else ".EE")
            literal = indented
        if line:
            lines.append(escaped(line))
        elif not literal:
            lines.append(".PP")
        else:
            lines += [".EE", ".PP"]
            literal = False
    return lines + ([".EE"] if literal else [])


def split(prose: list[str]) -> dict[str, list[str]]:
    """Prose by its headings: "", "Exit codes", "Examples", "Commands"."""
    parts: dict[str, list[str]] = {"": []}
    key = ""
    for number, line in enumerate(prose):
        begins_paragraph = number == 0 or not prose[number - 1]
        word, colon, rest = line.partition(":")
        if begins_paragraph and colon and word in ("Exit codes", "Examples", "Commands"):
            key = word
            parts.setdefault(key, [])
            line = rest.strip()
            if not line:
                continue
        elif begins_paragraph and key and not line.startswith(" "):
            key = ""
        parts[key].append(line)
    return {word: trimmed(lines) for word, lines in parts.items()}


def trimmed(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


def sections(page: Page, heading: str) -> list[str]:
    """What every page has; `heading` is the macro of its headings."""
    parts = split(page.prose)
    lines = []
    if page.positionals:
        lines += [f"{heading} Arguments", *entry_lines(page.positionals)]
    if page.options:
        lines += [f"{heading} Options", *entry_lines(page.options)]
    for word, title in (("Exit codes", "Exit status"), ("Examples", "Examples")):
        if word in parts:
            lines += [f"{heading} {title}", *prose_lines(parts[word])]
    return lines


def summary(page: Page) -> str:
    text = " ".join(page.purpose).rstrip(".")
    return text.split(": ")[0].split(". ")[0]


def make(pages: list[Page], version: str) -> str:
    program, commands = pages[0], pages[1:]
    name = program.name
    lines = [f'.TH {name.upper()} 1 "" "{version}" "User Commands"', ".nh", ".ad l",
             ".SH NAME", f"{escaped(name)} \\- {escaped(summary(program))}", ".SH SYNOPSIS"]
    for page in pages:
        lines += [f".B {escaped(page.name)}", escaped(page.usage.removeprefix(page.name).strip()), ".br"]
    lines += [".SH DESCRIPTION", *prose_lines(program.purpose), ".PP", *prose_lines(split(program.prose)[""])]
    body = sections(program, ".SH")
    lines += [line.upper() if line.startswith(".SH ") else line for line in body]
    for page in commands:
        lines += [f".SH {escaped(page.name.upper())}", *prose_lines(page.purpose), ".PP",
                  *prose_lines(split(page.prose)[""]), *sections(page, ".SS")]
    return "\n".join(lines) + "\n"
