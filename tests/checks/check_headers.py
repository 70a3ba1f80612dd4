#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every public header compiles alone, without a warning, and may be included twice."""
import concurrent.futures
import pathlib
import subprocess
import sys

import tree

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


def problems_of(command: list[str], header: pathlib.Path) -> list[str]:
    name = header.relative_to("include")
    unit = f'#include "{name}"\n#include "{name}"\n'
    run = subprocess.run([*command, *WARNINGS, "-fsyntax-only", "-"], input=unit,
                         capture_output=True, text=True, check=False)
    return [] if run.returncode == 0 else [f"{header}: does not compile alone:\n{run.stderr}"]


def main() -> int:
    parser = tree.arguments(__doc__)
    tree.compiler_arguments(parser)
    options = parser.parse_args()
    options.root = options.root.resolve()

    headers = tree.chosen(options, tree.public_headers(options.root))
    command = tree.compile_command(options)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda header: problems_of(command, header), headers)
        problems = [problem for result in results for problem in result]
    return tree.finish("headers alone", len(headers), problems)


if __name__ == "__main__":
    sys.exit(main())
