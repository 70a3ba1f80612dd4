#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the manual page and the completions of a program, from what it says of itself.

    make_manuals.py PROGRAM FOLDER [--command NAME]...

FOLDER gets NAME.1, NAME.bash, _NAME (zsh) and NAME.fish. --command: a command that the program's own --help tells of in prose only.
"""
import argparse
import subprocess
from pathlib import Path

import completions
import help_text
import man_page


def main() -> None:
    line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    line.add_argument("program", type=Path)
    line.add_argument("folder", type=Path)
    line.add_argument("--command", action="append", default=[])
    given = line.parse_args()
    name = given.program.name
    pages = help_text.read(str(given.program.absolute()), name, given.command)
    said = subprocess.run([given.program.absolute(), "--version"], capture_output=True, text=True, check=True)
    version = said.stdout.splitlines()[0].split(" (")[0]
    given.folder.mkdir(parents=True, exist_ok=True)
    for file, text in ((f"{name}.1", man_page.make(pages, version)), (f"{name}.bash", completions.bash(pages)),
                       (f"_{name}", completions.zsh(pages)), (f"{name}.fish", completions.fish(pages))):
        (given.folder / file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
