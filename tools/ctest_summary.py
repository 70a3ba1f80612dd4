#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads ctest's JUnit files and prints each skipped test with its reason, each failed one with the end of its output, then the counts.
A test that ran many cases, each apart (tests/support/each_apart.hpp), counts as those.

    ctest_summary.py RESULTS.xml...             for people
    ctest_summary.py --counts RESULTS.xml...    "PASSED FAILED SKIPPED" for scripts
"""
import re
import sys
import typing
import xml.etree.ElementTree as ET


APART = re.compile(r"^=== (.*)\n(?s:(.*?))^=== (passed|skipped|failed.*)$", re.MULTILINE)


class Case(typing.NamedTuple):
    name: str
    status: str
    output: str


def cases_of(test: ET.Element) -> list[Case]:
    """Those of one test, each passed, skipped or failed."""
    name, output = test.get("name"), test.findtext("system-out") or ""
    skipped = test.find("skipped")
    if test.get("status") == "run":
        status = "passed"
    elif skipped is not None and "SKIP" in skipped.get("message", ""):
        status = "skipped"
    else:
        status = "failed"  # or disabled, or not run for want of its program or its fixture
    suite = name.split("/")[0]
    apart = [Case(f"{suite}/{case}", end.split(":")[0], f"{text}{end}\n") for case, text, end in APART.findall(output)]
    if not apart or (status == "failed" and all(case.status != "failed" for case in apart)):
        return [*apart, Case(name, status, output)]  # in the second case it broke off
    return apart


def reason(output: str) -> str:
    found = re.findall(r"^SKIPPED: (.*)$", output, re.MULTILINE)
    return "; ".join(found) if found else "no reason given"


def last_lines(output: str, count: int = 30) -> list[str]:
    return [line for line in output.splitlines() if line.strip()][-count:]


def main(arguments: list[str]) -> int:
    counts_only = "--counts" in arguments
    passed = 0
    failed = []
    skipped = []
    for path in (a for a in arguments if a != "--counts"):
        for case in (each for test in ET.parse(path).iter("testcase") for each in cases_of(test)):
            if case.status == "passed":
                passed += 1
            elif case.status == "skipped":
                skipped.append(case)
            else:
                failed.append((path, case))
    if counts_only:
        print(passed, len(failed), len(skipped))
        return 0
    if skipped:
        print(f"\nSkipped, with the reason ({len(skipped)}):")
        for case in skipped:
            print(f"  {case.name}: {reason(case.output)}")
    for path, case in failed:
        print(f"\nFailed: {case.name} ({path})")
        print("\n".join("  " + line for line in last_lines(case.output)))
    print(f"\n{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
