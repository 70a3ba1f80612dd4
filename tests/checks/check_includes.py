#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The include rules, from the compiler's own dependency output (-M) of each header and source.

words <- policy <- os <- columns; a column never includes the other one; only on_asio sees Asio; no third-party
library in the library at all (so none in a public header). Directly included system headers are read from the
text, because libstdc++ itself includes <unistd.h> and <sys/...>: words, policy and on_asio include none.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

import tree

SYSTEM = re.compile(
    r"^(?:(?:sys|netinet|net|arpa|linux|asm|bits)/.*"
    r"|(?:unistd|fcntl|netdb|poll|ifaddrs|pthread|sched|signal|dirent|syslog|termios)\.h)$")
NO_SYSTEM = {"words", "policy", "on_asio"}
ASIO = re.compile(r"(?:^|/)(?:asio\.hpp|asio/)")
THIRD_PARTY = re.compile(r"(?:^|/)(fmt|CLI|nlohmann|doctest|openssl|boost|spdlog)/")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)


def dependencies(command: list[str], root: pathlib.Path, file: pathlib.Path) -> list[str]:
    """Every file that the compiler opens for this one; raises CalledProcessError if it cannot."""
    run = subprocess.run([*command, "-M", str(root / file)], capture_output=True, text=True, check=True)
    rule = run.stdout.replace("\\\n", " ")
    return [os.path.normpath(word) for word in rule.split(":", 1)[1].split()]


def problems_of(command: list[str], root: pathlib.Path, file: pathlib.Path) -> list[str]:
    room = tree.room_of(file)
    found = []
    try:
        opened = dependencies(command, root, file)
    except subprocess.CalledProcessError as error:
        return [f"{file}: its dependencies cannot be had:\n{error.stderr}"]

    for path in opened:
        inside = pathlib.Path(path)
        if inside.is_relative_to(root):
            other = tree.room_of(inside.relative_to(root))
            if other is not None and other not in tree.MAY_SEE[room]:
                found.append(f"{file}: {room} must not see {other}: {inside.relative_to(root)}")
        elif ASIO.search(path) and room != "on_asio":
            found.append(f"{file}: {room} must not see Asio: {path}")
            break  # one line is enough: Asio brings hundreds of files
        elif match := THIRD_PARTY.search(path):
            found.append(f"{file}: the library must not see {match.group(1)}: {path}")
            break

    if room in NO_SYSTEM:
        text = tree.without_comments((root / file).read_text())
        for name in INCLUDE.findall(text):
            if SYSTEM.match(name):
                found.append(f"{file}: {room} must not include a system header: <{name}>")
    return found


def main() -> int:
    parser = tree.arguments(__doc__)
    tree.compiler_arguments(parser)
    options = parser.parse_args()
    options.root = options.root.resolve()

    files = tree.chosen(options, tree.library_files(options.root))
    command = tree.compile_command(options)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda file: problems_of(command, options.root, file), files)
        problems = [problem for result in results for problem in result]
    return tree.finish("include rules", len(files), problems)


if __name__ == "__main__":
    sys.exit(main())
