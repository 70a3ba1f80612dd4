# SPDX-License-Identifier: MIT
"""What the checks know of duet's tree: its rooms, which files are in them, and how to compile one."""
import argparse
import pathlib
import re
import shlex
import sys

ROOMS = ("words", "policy", "os", "on_posix", "on_asio")

# words <- policy <- os <- columns: a room sees itself and those left of it, a column never the other one.
MAY_SEE = {
    "words": {"words"},
    "policy": {"words", "policy"},
    "os": {"words", "policy", "os"},
    "on_posix": {"words", "policy", "os", "on_posix"},
    "on_asio": {"words", "policy", "os", "on_asio"},
}


def room_of(path: pathlib.PurePath) -> str | None:
    """The room of a path relative to the root, or None for a file that is in no room."""
    parts = path.parts
    if parts[:2] == ("include", "duet"):
        inner = parts[2:]
    elif parts[:1] == ("src",):
        inner = parts[1:]
    else:
        return None
    return inner[0] if len(inner) > 1 and inner[0] in ROOMS else "words"


def public_headers(root: pathlib.Path) -> list[pathlib.Path]:
    """Headers that a user may include; detail/ is private."""
    return sorted(p.relative_to(root) for p in (root / "include" / "duet").rglob("*.hpp")
                  if "detail" not in p.relative_to(root).parts)


def library_files(root: pathlib.Path) -> list[pathlib.Path]:
    """Every header and source of the library, private ones too."""
    found = list((root / "include" / "duet").rglob("*.hpp"))
    found += [p for p in (root / "src").rglob("*") if p.suffix in (".cpp", ".hpp")]
    return sorted(p.relative_to(root) for p in found)


def without_comments(text: str) -> str:
    """C++ text with comments blanked and line numbers kept. String literals stay."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)

    def blank(match: re.Match) -> str:
        found = match.group(0)
        return found if found.startswith('"') else re.sub(r"[^\n]", " ", found)

    return pattern.sub(blank, text)


def arguments(description: str) -> argparse.ArgumentParser:
    """The options that every check has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", type=pathlib.Path, required=True, help="root of duet's tree")
    return parser


def compiler_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cxx", default="c++", help="compiler")
    parser.add_argument("--flags", default="", help="more compiler flags, as one string")
    parser.add_argument("--only", nargs="*", type=pathlib.PurePath,
                        help="look at these files only (relative to the root)")
    parser.add_argument("--jobs", type=int, default=2)


def compile_command(options: argparse.Namespace) -> list[str]:
    return [options.cxx, "-std=c++20", "-DASIO_STANDALONE", "-DDUET_FAULT_SEAM=1",
            f"-I{options.root / 'include'}", f"-I{options.root / 'src'}",
            *shlex.split(options.flags), "-x", "c++"]


def chosen(options: argparse.Namespace, files: list[pathlib.Path]) -> list[pathlib.Path]:
    return [f for f in files if options.only is None or f in options.only]


def finish(name: str, looked_at: int, problems: list[str]) -> int:
    """Prints the problems; the exit code of a check."""
    for problem in problems:
        print(problem)
    if looked_at == 0 and not problems:
        print(f"{name}: nothing to look at")
        return 1
    print(f"{name}: {looked_at} looked at, {len(problems)} problems")
    return 1 if problems else 0


def fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 2
