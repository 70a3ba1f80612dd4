#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A page of Markdown as Doxygen takes it: headings get the anchors that Git hosts give them, with the page's name in front, since all pages
share one name space there, and links lead to those.

    page_filter.py PAGE.md
"""
import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)#:\s]+)\)")
FENCE = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


class Anchors:
    """Of one page; the second heading of a text gets -1, as there."""

    def __init__(self, page: str):
        self.page, self.seen = page, {}

    def heading(self, match: re.Match) -> str:
        text = anchor(match[2])
        count = self.seen[text] = self.seen.get(text, -1) + 1
        return f"{match[1]} {match[2]} {{#{self.page}-{text}{f'-{count}' if count else ''}}}"


def in_tree(match: re.Match, path: pathlib.Path) -> str:
    """A link to a file that is no page, as seen from build/docs/html."""
    target = (path.parent / match[1]).resolve()
    return match[0] if target.suffix == ".md" else f"](../../../{target.relative_to(pathlib.Path.cwd())})"


def filtered(text: str, path: pathlib.Path) -> str:
    page = path.stem
    parts = FENCE.split(text)
    anchors = Anchors(page)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"^(#{2,6}) (.*)$", anchors.heading, parts[i], flags=re.MULTILINE)
        parts[i] = re.sub(r"\]\(#([^)]+)\)", rf"](#{page}-\1)", parts[i])
        parts[i] = re.sub(r"\]\((?:[\w./]*/)?(\w+)\.md#([^)]+)\)", r"](#\1-\2)", parts[i])
        parts[i] = LINK.sub(lambda match: in_tree(match, path), parts[i])
    return "".join(parts)


if __name__ == "__main__":
    path = pathlib.Path(sys.argv[1])
    sys.stdout.write(filtered(path.read_text(encoding="utf-8"), path))
