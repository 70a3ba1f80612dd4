#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the pages to the tree.

* A relative link of README.md or docs/*.md leads to a file.
* Every example exists in both columns (but embed), is shorter than 70 lines, and docs/flows.md links to it.
* A cpp block whose first line is "// examples/FILE" is that file from its first #include on.
* The cpp blocks of docs/PAGE.md are parts of tests/docs/PAGE.cpp, which is compiled; those of README.md are examples.
* docs/policies.md names every policy.
* docs/contract.md names every public header of a column that has a note "Parity:".
"""
import argparse
import pathlib
import re
import sys

COLUMNS = ("on_posix", "on_asio")
ASIO_ONLY = {"embed.cpp"}


def pages_of(root):
    return [p for p in [root / "README.md", *sorted((root / "docs").glob("*.md"))] if p.exists()]


def check_links(root, problems):
    for page in pages_of(root):
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
            if not (page.parent / target).exists():
                problems.append(f"{page.relative_to(root)}: {target} does not exist")


def check_examples(root, problems):
    names = {c: {p.name for p in (root / "examples" / c).glob("*.cpp")} for c in COLUMNS}
    for name in (names["on_posix"] ^ names["on_asio"]) - ASIO_ONLY:
        problems.append(f"examples: {name} is in one column only")
    flows = (root / "docs/flows.md").read_text()
    for path in sorted((root / "examples").glob("*/*.cpp")):
        link = f"../{path.relative_to(root)}"
        if f"({link})" not in flows:
            problems.append(f"docs/flows.md: no link to {link}")
        if (lines := len(path.read_text().splitlines())) >= 70:
            problems.append(f"{path.relative_to(root)}: {lines} lines")


def check_quotes(root, problems):
    for page in pages_of(root):
        for name, quoted in re.findall(r"^```cpp\n// (examples/\S+)\n(.*?)^```$", page.read_text(), re.M | re.S):
            path = root / name
            text = path.read_text() if path.exists() else ""
            if quoted != text[text.find("#include"):]:
                problems.append(f"{page.relative_to(root)}: the block is not {name} from its first #include on")


def check_guides(root, problems):
    sources = {source.stem: source for source in sorted((root / "tests/docs").glob("*.cpp"))}
    for page in pages_of(root):
        source = sources.pop(page.stem, None)
        blocks = re.findall(r"^```cpp\n(?!// examples/)(.*?)^```$", page.read_text(), re.M | re.S)
        text = source.read_text() if source else ""
        if source and not blocks:
            problems.append(f"{source.relative_to(root)}: no page quotes it")
        for block in blocks:
            if block not in text:
                problems.append(f"{page.relative_to(root)}: {block.splitlines()[0]!r} ... is no part of tests/docs/{page.stem}.cpp")
    problems += [f"{each.relative_to(root)}: no page quotes it" for each in sources.values()]


def check_policies(root, problems):
    text = (root / "docs/policies.md").read_text()
    for header in sorted((root / "include/duet/policy").glob("*.hpp")):
        if f"`{header.stem}`" not in text:
            problems.append(f"docs/policies.md: does not name {header.stem}")


def check_parity(root, problems):
    text = (root / "docs/contract.md").read_text()
    for column in COLUMNS:
        for header in sorted((root / "include/duet" / column).glob("*.hpp")):
            name = header.relative_to(root / "include/duet").as_posix()
            if "Parity:" in header.read_text() and name not in text:
                problems.append(f"docs/contract.md: does not name {name}, which has a parity note")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    root = parser.parse_args().root.resolve()
    problems = []
    for check in (check_links, check_examples, check_quotes, check_guides, check_policies, check_parity):
        check(root, problems)
    print("\n".join(problems) or "the pages hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
