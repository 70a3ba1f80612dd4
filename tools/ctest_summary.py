#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads ctest's JUnit files and prints each skipped test with its reason, each failed one with the end of its output, then the counts.

    ctest_summary.py RESULTS.xml...             for people
    ctest_summary.py --counts RESULTS.xml...    "PASSED FAILED SKIPPED" for scripts
"""
import re
import sys
import xml.etree.ElementTree as ET


def reason(case: ET.Element) -> str:
    output = case.findtext("system-out") or ""
    found = re.findall(r"^SKIPPED: (.*)$", output, re.MULTILINE)
    return "; ".join(found) if found else "no reason given"


def last_lines(case: ET.Element, count: int = 30) -> list[str]:
    return [line for line in (case.findtext("system-out") or "").splitlines() if line.strip()][-count:]


def main(arguments: list[str]) -> int:
    counts_only = "--counts" in arguments
    passed = 0
    failed = []
    skipped = []
    for path in (a for a in arguments if a != "--counts"):
        for case in ET.parse(path).iter("testcase"):
            status = case.get("status")
            if status == "run":
                passed += 1
            elif case.find("skipped") is not None and "SKIP" in case.find("skipped").get("message", ""):
                skipped.append((case.get("name"), reason(case)))
            else:
                failed.append((path, case))  # failed, disabled, or not run for want of its program or its fixture
    if counts_only:
        print(passed, len(failed), len(skipped))
        return 0
    if skipped:
        print(f"\nSkipped, with the reason ({len(skipped)}):")
        for name, why in skipped:
            print(f"  {name}: {why}")
    for path, case in failed:
        print(f"\nFailed: {case.get('name')} ({path})")
        print("\n".join("  " + line for line in last_lines(case)))
    print(f"\n{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
