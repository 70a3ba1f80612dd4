# SPDX-License-Identifier: MIT
"""The option table of a program as its --help prints it: what manual pages and completions are made of."""
from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field

SECTIONS = ("Positionals:", "Options:", "Subcommands:")


@dataclass
class Entry:
    """A line of a section: "-c,--count N   Messages in all (endless)"."""
    left: str
    text: str = ""

    @property
    def names(self) -> list[str]:
        return self.left.split(" ", 1)[0].split(",")

    @property
    def value(self) -> str:
        """What stands behind the names: "N", "asio|posix"; "" for a flag."""
        return self.left.split(" ", 1)[1] if " " in self.left else ""

    @property
    def choices(self) -> list[str]:
        """The words that the value may be, if it is one of some words."""
        words = self.value.split("|")
        literal = all(re.fullmatch(r"[a-z][a-z0-9-]*", word) for word in words)
        return words if literal and self.value else []

    @property
    def takes_file(self) -> bool:
        return self.value in ("FILE", "DIR")


@dataclass
class Page:
    """The --help of a program or of one of its commands."""
    words: list[str]
    purpose: list[str] = field(default_factory=list)
    usage: str = ""
    positionals: list[Entry] = field(default_factory=list)
    options: list[Entry] = field(default_factory=list)
    subcommands: list[Entry] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return " ".join(self.words)


def parse(words: list[str], text: str) -> Page:
    page = Page(words)
    entries: list[Entry] | None = None
    head = True
    for line in text.rstrip("\n").split("\n"):
        if head and line.startswith("Usage: "):
            page.usage, head = line.removeprefix("Usage: "), False
        elif head:
            page.purpose.append(line)
        elif not page.prose and line in SECTIONS:
            entries = {"Positionals:": page.positionals, "Options:": page.options,
                       "Subcommands:": page.subcommands}[line]
        elif not page.prose and entries is not None and line.startswith(" " * 20):
            entries[-1].text = (entries[-1].text + " " + line.strip()).strip()
        elif not page.prose and entries is not None and line.startswith("  "):
            left, _, right = line.strip().partition("  ")
            entries.append(Entry(left.removesuffix(" REQUIRED"), right.strip()))
        elif line or page.prose:
            page.prose.append(line)
    return page


def read(path: str, name: str, more_commands: list[str]) -> list[Page]:
    """The page of the program and those of its commands. `more_commands` are those that the program's own page only tells of in prose."""
    def page(*words: str) -> Page:
        done = subprocess.run([path, *words, "--help"], capture_output=True, text=True, check=True)
        return parse([name, *words], done.stdout)

    first = page()
    commands = [entry.left for entry in first.subcommands] + more_commands
    return [first, *(page(command) for command in commands)]
