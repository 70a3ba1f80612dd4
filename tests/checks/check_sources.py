#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every .cpp of src/ is in the list of its target: lists are written out, and a forgotten file would just not be there."""
import pathlib
import sys

import tree


def main() -> int:
    parser = tree.arguments(__doc__)
    parser.add_argument("--built", nargs="+", required=True, help="the lists, relative to src/")
    options = parser.parse_args()
    source = options.root.resolve() / "src"
    there = {p.relative_to(source).as_posix() for p in source.rglob("*.cpp")}
    problems = [f"src/{name}: in no target's list" for name in sorted(there - set(options.built))]
    return tree.finish("sources", len(there), problems)


if __name__ == "__main__":
    sys.exit(main())
