#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every file of code carries the SPDX line within its first two lines (a script's first is its interpreter)."""
import pathlib
import sys

import tree

LINE = "SPDX-License-Identifier: MIT"
CODE = {".hpp", ".cpp", ".cmake", ".py", ".sh", ".in"}
FOLDERS = (".ci", "apps", "benchmarks", "cmake", "examples", "include", "src", "tests", "tools")


def is_code(path: pathlib.Path) -> bool:
    if path.suffix in CODE or path.name == "CMakeLists.txt":
        return True
    return path.suffix == "" and path.read_bytes()[:2] == b"#!"


def main() -> int:
    options = tree.arguments(__doc__).parse_args()
    root = options.root.resolve()
    files = [root / "CMakeLists.txt"]
    for folder in FOLDERS:
        files += sorted(p for p in (root / folder).rglob("*")
                        if p.is_file() and "__pycache__" not in p.parts and is_code(p))
    problems = []
    for path in files:
        first = path.read_text(errors="replace").splitlines()[:2]
        if not any(LINE in line for line in first):
            problems.append(f"{path.relative_to(root)}: no \"{LINE}\" in its first two lines")
    return tree.finish("SPDX lines", len(files), problems)


if __name__ == "__main__":
    sys.exit(main())
