#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads ctest's JUnit files and prints each skipped test with its reason, then the counts.

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


def main(arguments: list[str]) -> int:
    counts_only = "--counts" in arguments
    passed = failed = 0
    skipped = []
    for path in (a for a in arguments if a != "--counts"):
        for case in ET.parse(path).iter("testcase"):
            status = case.get("status")
            if status == "run":
                passed += 1
            elif case.find("skipped") is not None and "SKIP" in case.find("skipped").get("message", ""):
                skipped.append((case.get("name"), reason(case)))
            else:
                failed += 1  # failed, disabled, or not run for want of its program or its fixture
    if counts_only:
        print(passed, failed, len(skipped))
        return 0
    if skipped:
        print(f"\nSkipped, with the reason ({len(skipped)}):")
        for name, why in skipped:
            print(f"  {name}: {why}")
    print(f"\n{passed} passed, {failed} failed, {len(skipped)} skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
