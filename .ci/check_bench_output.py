#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the form of `duet-bench run --json`: JSON Lines, each with its schema. Says nothing about speed."""
import json
import sys

SCHEMA = "duet-bench/1"


def main(path: str) -> int:
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    problems = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError as error:
            problems.append(f"line {number}: no JSON: {error}")
            continue
        if not isinstance(record, dict) or record.get("schema") != SCHEMA:
            problems.append(f"line {number}: no \"schema\": \"{SCHEMA}\"")
    if not lines:
        problems.append("no line at all")
    for problem in problems:
        print(problem)
    print(f"bench output: {len(lines)} lines, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
