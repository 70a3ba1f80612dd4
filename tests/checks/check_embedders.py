#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""All public headers in one unit, as programs embed them: with each of both compilers and standards, without a warning, on clang without one
of -Weverything less a list, and with macros of Asio's that a program may set."""
import concurrent.futures
import shutil
import subprocess
import sys

import tree

SKIP = 77
CLANG = "clang++-16"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"]
# What -Weverything asks for that duet does not do.
LEFT_OUT = {
    "c++98-compat": "it is C++20", "c++98-compat-pedantic": "so", "c++20-compat": "so", "pre-c++20-compat-pedantic": "so",
    "padded": "members stand in the order in which they are read",
    "unsafe-buffer-usage": "spans are made of pointers and sizes somewhere",
    "weak-vtables": "on_asio has no sources that could hold a table",
    "ctad-maybe-unsupported": "it means std::lock_guard",
    "exit-time-destructors": "of Asio's service id, and of an empty answer", "global-constructors": "of Asio's service id",
}


# Macros of Asio's that an embedder may set.
MACROS = ["ASIO_NO_DEPRECATED", "ASIO_NO_TS_EXECUTORS", "ASIO_ENABLE_HANDLER_TRACKING", "ASIO_DISABLE_THREADS"]


def commands(options):
    gcc = tree.compile_command(options)
    clang = [CLANG, *gcc[1:]]
    everything = ["-Weverything", *(f"-Wno-{each}" for each in LEFT_OUT)]
    return [[*gcc, *STRICT, "-std=c++23"], [*clang, *STRICT, *everything],
            [*clang, *STRICT, "-std=c++2b", *(f"-D{each}" for each in MACROS)]]


def problems_of(command, unit):
    run = subprocess.run([*command, "-Werror", "-fsyntax-only", "-"], input=unit, capture_output=True, text=True, check=False)
    return [] if run.returncode == 0 else [f"{' '.join(command)}: the public headers do not compile without a warning:\n{run.stderr}"]


def main() -> int:
    parser = tree.arguments(__doc__)
    tree.compiler_arguments(parser)
    options = parser.parse_args()
    options.root = options.root.resolve()
    if shutil.which(CLANG) is None:
        print(f"SKIPPED: {CLANG} is not installed")
        return SKIP
    headers = tree.chosen(options, tree.public_headers(options.root))
    unit = "".join(f'#include "{header.relative_to("include")}"\n' for header in headers)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        problems = [each for result in pool.map(lambda command: problems_of(command, unit), commands(options)) for each in result]
    return tree.finish("headers in a program", len(headers), problems)


if __name__ == "__main__":
    sys.exit(main())
