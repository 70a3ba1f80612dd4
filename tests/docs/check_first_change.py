#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The patch of docs/adding_an_option.md applies to this tree, and what it touches compiles.

    check_first_change.py --root ROOT --cxx COMPILER
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


def main():
    line = argparse.ArgumentParser()
    line.add_argument("--root", type=pathlib.Path, required=True)
    line.add_argument("--cxx", required=True)
    given = line.parse_args()
    patch = given.root / "docs/adding_an_option.patch"
    touched = re.findall(r"^\+\+\+ b/(\S+)$", patch.read_text(encoding="utf-8"), re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        for part in ("include", "src", "tests"):
            shutil.copytree(given.root / part, pathlib.Path(folder) / part)
        commands = [["git", "apply", str(patch)]]
        commands += [[given.cxx, "-std=c++20", "-Iinclude", "-Isrc", "-Itests/support", "-fsyntax-only", path]
                     for path in touched if path.startswith(("src/", "tests/unit/"))]
        for command in commands:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                print(" ".join(command), done.stderr, sep="\n")
                return 1
    print(f"{len(touched)} files touched, {len(commands) - 1} compiled")
    return 0 if len(commands) > 3 else 1


if __name__ == "__main__":
    sys.exit(main())
