#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds the reference and the pages as HTML with the documented command, without a warning, and follows every link of theirs that stays in
the tree.

    check_reference.py --root ROOT
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

SKIP = 77
ELSEWHERE = ("http:", "https:", "mailto:", "javascript:")


def broken_links(html):
    text = {page: page.read_text(encoding="utf-8", errors="replace") for page in html.glob("*.html")}
    anchors = {page: set(re.findall(r'(?:id|name)="([^"]+)"', of)) for page, of in text.items()}
    for page, of in text.items():
        for link in re.findall(r'href="([^"]+)"', of):
            path, _, anchor = link.partition("#")
            target = pathlib.Path(os.path.normpath(html / path)) if path else page
            # Doxygen's own menu names a section of nested classes although all of them are left out.
            if link.startswith(ELSEWHERE) or anchor == "nested-classes":
                continue
            if not target.exists():
                yield f"{page.name}: {link} leads nowhere"
            elif anchor and target in anchors and anchor not in anchors[target]:
                yield f"{page.name}: {link}: no such anchor"


def undocumented(root, html):
    """Every public header has its page."""
    text = (html / "files.html").read_text(encoding="utf-8")
    for header in (root / "include/duet").rglob("*.hpp"):
        if "detail" not in header.parts and f">{header.name}<" not in text:
            yield f"{header.relative_to(root)} is not in the reference"


def main():
    line = argparse.ArgumentParser()
    line.add_argument("--root", type=pathlib.Path, required=True)
    root = line.parse_args().root
    if shutil.which("doxygen") is None:
        print("SKIPPED: doxygen is not installed")
        sys.exit(SKIP)
    done = subprocess.run(["doxygen", "docs/Doxyfile"], cwd=root, capture_output=True, text=True, check=False)
    html = root / "build/docs/html"
    problems = done.stderr.splitlines()
    if not problems:
        problems = sorted({*broken_links(html), *undocumented(root, html)})
    print(*problems[:50], sep="\n")
    print(f"{len(list(html.glob('*.html')))} pages, {len(problems)} problems")
    sys.exit(1 if problems or done.returncode else 0)


if __name__ == "__main__":
    main()
