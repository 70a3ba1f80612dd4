#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No source has a using declaration or a namespace alias that it does not use. clang-tidy's checks for that look at the file that is
compiled and at none that it includes, so where CI lints several sources as one they see nothing."""
import pathlib
import re
import sys

import tree

FOLDERS = ("apps", "benchmarks", "examples", "src", "tests")
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include.*$", re.MULTILINE)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
DECLARED = re.compile(r"^[ \t]*(?:using (?:\w+::)+(\w+);|namespace (\w+) = [\w:]+;)", re.MULTILINE)


def problems_of(name: pathlib.Path, text: str) -> list[str]:
    text = STRING.sub('""', INCLUDE.sub("", tree.without_comments(text)))
    found = []
    for match in DECLARED.finditer(text):
        word = match.group(1) or match.group(2)
        rest = text[:match.start()] + text[match.end():]
        # Behind :: it is somebody else's, behind . and -> a member.
        if not re.search(rf"(?<!::)(?<!\.)(?<!->)\b{word}\b", rest):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{name}:{line}: {word} is declared and not used")
    return found


def main() -> int:
    root = tree.arguments(__doc__).parse_args().root.resolve()
    files = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.cpp"))]
    problems = [problem for path in files for problem in problems_of(path.relative_to(root), path.read_text())]
    return tree.finish("using declarations", len(files), problems)


if __name__ == "__main__":
    sys.exit(main())
