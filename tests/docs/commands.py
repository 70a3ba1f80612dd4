#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The commands of README.md, CONTRIBUTING.md and docs/*.md: where they stand, and which are run by what. Blocks fenced as `console` are
tests/examples/page.py's; here are those of indented blocks and of `code spans`.

    commands.py check --root DIR --bin DIR     each command is run, or stands in NOT_RUN; what a page names exists
    commands.py self-test --root DIR --bin DIR     ... and a page that breaks that is found
    commands.py list --root DIR                the pages that run_commands.py has something to do for
"""
import argparse
import dataclasses
import functools
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

OURS = ("duet-echo", "duet-resolve", "duet-bench")
FOREIGN = ("cmake", "cpack", "ctest", "doxygen", "git", "apt-get", "sudo", "example_")
# Pages whose console blocks page.py runs, see tests/examples/CMakeLists.txt.
PLAYED = ("docs/flows.md", "docs/addresses.md")

# Command: why run_commands.py does not run it.
MINUTES = "minutes; .ci/run does it"
TESTS = "runs tests, and is one itself here"
NOT_RUN = {
    "tools/bench": MINUTES,
    "tools/bench --blocks 20": MINUTES,
    "tools/bench --uring": "minutes; bench/smoke: optional-arms runs such arms",
    "tools/bench --peers": "minutes; bench/smoke: optional-arms runs such arms",
    "tools/test": MINUTES,
    "tools/test -R 'listener' --verbose": TESTS,
    "tools/test -R 'options'": TESTS,
    "tools/test --preset asan": MINUTES,
    "tools/test-with-asio ~/asio": "needs another Asio, and compiles for minutes",
    "tools/test-with-asio DIR": "needs another Asio, and compiles for minutes",
    ".ci/run": "half an hour",
    "ctest -L checks": TESTS,
    "ctest -L docs": TESTS,
    "cmake --preset release && cmake --build --preset release -j2": "minutes; tools/bench does it",
    "cmake --install build/release --prefix DIR": "package/install does it",
    "cpack -G DEB --config build/release/CPackConfig.cmake": "package/deb does it",
    "doxygen docs/Doxyfile": "manuals/reference does it",
    "duet-bench counts --filter datagram": "bench/exact: datagram does it",
    "duet-bench counts --filter framed": "bench/exact: framed does it",
    "duet-bench counts --filter pingpong/tcp/64B/1c/same-core --instructions": "bench/exact: instructions does it",
    "duet-bench ladder": "bench/exact: ladder does it",
    "apt-get update && apt-get install -y git ca-certificates": "installs packages",
    "git apply docs/adding_an_option.patch": "docs/the worked example does it",
}
# Options of other programs that stand alone in a code span.
FOREIGN_OPTIONS = {"-G": "cpack"}


@dataclasses.dataclass
class Command:
    page: str
    line: int
    text: str

    @property
    def words(self) -> list[str]:
        return self.text.split()

    @property
    def program(self) -> str:
        """Of a pipe the last: what is before it feeds."""
        return self.text.split("|")[-1].split()[0] if self.text.startswith("echo ") else self.words[0]

    @property
    def is_run(self) -> bool:
        return self.program in OURS and self.text not in NOT_RUN


def pages_of(root: pathlib.Path) -> list[pathlib.Path]:
    return [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").glob("*.md"))]


def begins_command(text: str) -> bool:
    return re.match(r"(echo \w+ \| )?(" + "|".join(OURS) + r"|tools/|\.ci/|" + "|".join(FOREIGN) + r")", text) is not None


@functools.cache
def read(root: pathlib.Path):
    """Commands, code spans as (page, line, text), and fences as (page, line, info), of all pages."""
    commands, spans, fences = [], [], []
    for path in pages_of(root):
        page, prose, fenced, before = str(path.relative_to(root)), [], False, ""
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.startswith("```"):
                fenced = not fenced
                if fenced:
                    fences.append((page, number, line[3:].strip()))
                line = ""
            elif fenced:
                line = ""
            elif line.startswith("    ") and (before == "" or before.startswith("    ")):
                commands.append(Command(page, number, re.sub(r"\s{2,}#.*", "", line).strip()))
                prose.append("")
                before = line
                continue
            prose.append(line)
            before = line
        text = "\n".join(prose)
        for found in re.finditer(r"`([^`]+)`", text):
            span = " ".join(found[1].replace("\\|", "|").split())
            number = text.count("\n", 0, found.start()) + 1
            spans.append((page, number, span))
            # A program, or a program and its subcommand, is a name; with anything more it is to be typed.
            if begins_command(span) and not is_name(span):
                commands.append(Command(page, number, span))
    return commands, spans, fences


def is_name(span: str) -> bool:
    words = span.split()
    if words[0] in OURS:
        return len(words) == 1 or len(words) == 2 and re.fullmatch(r"[a-z]+", words[1]) is not None
    return len(words) == 1


@functools.cache
def help_of(*command: str) -> str:
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} --help: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])(--[a-z][\w-]*|-[A-Za-z0-9])(?![\w-])", text))


def subcommands_of(program: str) -> list[str]:
    """duet-resolve lists its one under Commands, with its name in front."""
    return re.findall(r"^  ([a-z]+)(?: LITERAL\.\.\.)?   ", help_of(program), re.M)


@functools.cache
def known_options(folder: pathlib.Path, root: pathlib.Path) -> set[str]:
    pages = [help_of(str(root / "tools" / name)) for name in ("test", "bench")]
    for name in OURS:
        program = str(folder / name)
        if os.access(program, os.X_OK):
            pages += [help_of(program), *(help_of(program, sub) for sub in subcommands_of(program))]
    return options_in(" ".join(pages).replace(",", " "))


def check_run_or_excused(root, folder, problems):
    commands = read(root)[0]
    for each in commands:
        if not each.is_run and each.text not in NOT_RUN:
            problems.append(f"{each.page}:{each.line}: nothing runs `{each.text}`: neither one of {', '.join(OURS)}, nor in "
                            "NOT_RUN of tests/docs/commands.py")
    for text in sorted(NOT_RUN.keys() - {each.text for each in commands} - {span for _, _, span in read(root)[1]}):
        problems.append(f"tests/docs/commands.py: no page has `{text}`")


def check_fences(root, folder, problems):
    for page, number, info in read(root)[2]:
        if info.split()[:1] == ["console"] and page in PLAYED:
            continue
        if info.split()[:1] not in (["cpp"], ["cmake"], ["text"]):
            problems.append(f"{page}:{number}: nothing runs this block ({info or 'no language'})")


def check_files(root, folder, problems):
    """Scripts, presets and the programs' subcommands."""
    presets = set(re.findall(r'^    \{\s*"name": "(\w+)"|^      "name": "(\w+)"', (root / "CMakePresets.json").read_text(), re.M))
    presets = {name for pair in presets for name in pair if name}
    texts = [(each.page, each.line, each.text) for each in read(root)[0]] + read(root)[1]
    for page, number, text in texts:
        words = shlex.split(text, comments=False) if begins_command(text) else []
        for word in words:
            if re.match(r"(tools|\.ci)/", word) and not (root / word).exists():
                problems.append(f"{page}:{number}: {word} does not exist")
        for preset in re.findall(r"--preset (\w+)", text):
            if preset not in presets:
                problems.append(f"{page}:{number}: no preset is called {preset}")
        if words and words[0] in OURS and len(words) > 1 and re.fullmatch(r"[a-z]+", words[1]):
            program = folder / words[0]
            operand = words[0] == "duet-resolve" and words[1] == "localhost"
            if os.access(program, os.X_OK) and not operand and words[1] not in subcommands_of(str(program)):
                problems.append(f"{page}:{number}: {words[0]} has no subcommand {words[1]}")


def check_options(root, folder, problems):
    known = known_options(folder, root)
    commands, spans, _ = read(root)
    for page, number, text in [(each.page, each.line, each.text) for each in commands] + spans:
        ours = any(name in text for name in OURS) or re.match(r"tools/(test|bench)\b", text)
        if begins_command(text) and not ours:
            continue
        # "-R" and the like behind tools/test are ctest's.
        options = options_in(text.split(" -R ")[0])
        if not ours and not text.startswith("-") and " --" not in text:
            continue
        for option in sorted(options - known - FOREIGN_OPTIONS.keys()):
            problems.append(f"{page}:{number}: no program has an option {option} (`{text}`)")


def problems_of(root, folder) -> list[str]:
    problems = []
    for check in (check_run_or_excused, check_fences, check_files, check_options):
        check(root, folder, problems)
    return problems


PLANTS = {
    "    make install": "nothing runs `make install`",
    "Type `cmake --workflow`.": "nothing runs `cmake --workflow`",
    "```sh\nmake\n```": "nothing runs this block (sh)",
    "```console\n$ make\n```": "nothing runs this block (console)",
    "By `tools/best --fast`.": "tools/best does not exist",
    "By `tools/test --preset slow`.": "no preset is called slow",
    "By `duet-bench measure`.": "duet-bench has no subcommand measure",
    "With `--loudly`.": "no program has an option --loudly",
    "    duet-echo serve --loudly tcp://*:9000": "no program has an option --loudly",
    "With `serve --loudly`.": "no program has an option --loudly",
    "With `-Q`.": "no program has an option -Q",
}


def self_test(root, folder) -> list[str]:
    problems = []
    for number, (plant, expected) in enumerate(PLANTS.items()):
        with tempfile.TemporaryDirectory() as place:
            copy = pathlib.Path(place) / str(number)
            shutil.copytree(root / "docs", copy / "docs")
            shutil.copytree(root / "tools", copy / "tools")
            shutil.copytree(root / ".ci", copy / ".ci")
            for name in ("README.md", "CONTRIBUTING.md", "CMakePresets.json"):
                shutil.copy(root / name, copy)
            with open(copy / "docs/contract.md", "a", encoding="utf-8") as page:
                page.write(f"\n{plant}\n")
            said = problems_of(copy, folder)
            if not any(each.startswith("docs/contract.md:") and expected in each for each in said):
                problems.append(f"planted: {plant}\nexpected: {expected}\nsaid: {said}")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("check", "self-test", "list"))
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--bin", type=pathlib.Path)
    options = parser.parse_args()
    if options.what == "list":
        print("\n".join(dict.fromkeys(each.page for each in read(options.root)[0] if each.is_run)))
        return 0
    problems = (self_test if options.what == "self-test" else problems_of)(options.root, options.bin)
    print("\n".join(problems) or "the commands hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
