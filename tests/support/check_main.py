#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the exit codes of the tests' main with a probe program, what discovery writes for it, and how results of --each-apart are counted."""
import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

EXPECTED = {
    "probe: passes": 0,
    "probe: fails": 1,
    "probe: skips": 77,
    "probe: fails then skips": 1,
    "probe: no such case": 1,
    "probe: *": 1,
}


ENDS = {
    "probe: passes": "passed",
    "probe: fails": "failed: exit 1",
    "probe: skips": "skipped",
    "probe: fails then skips": "failed: exit 1",
    "stuck: dies": f"failed: signal {signal.SIGKILL.value}",
    "stuck: hangs": "failed: still running after 1 s",
}
APART = re.compile(r"^=== (.*)\n(?:(?!===).*\n|=====.*\n)*=== (.*)$", re.MULTILINE)


def discovered(options, folder: str, *more: str) -> str:
    output = pathlib.Path(folder) / "tests.cmake"
    subprocess.run(
        [options.cmake, f"-Dprogram={options.probe}", "-Dsuite=probe", "-Dlabels=probe",
         "-Dtimeout=60", "-Denvironment=", f"-Dworking_directory={folder}",
         f"-Doutput={output}", *more, "-P", options.discover], check=True)
    return output.read_text()


def problems_of_apart(options, folder: str) -> list[str]:
    """Each case in a child of its own: how each ends, the program's exit code, and what the summary counts."""
    found = []
    for name, code in EXPECTED.items():
        run = subprocess.run([options.probe, "--each-apart=60", f"--test-case={name}"], capture_output=True, text=True)
        if run.returncode != code:
            found.append(f"apart, {name}: exit {run.returncode}, expected {code}\n{run.stdout}{run.stderr}")
    names = ",".join(ENDS)
    run = subprocess.run([options.probe, "--each-apart=1", f"--test-case={names}"], capture_output=True, text=True)
    if run.returncode != 1 or dict(APART.findall(run.stdout)) != ENDS:
        found.append(f"apart: exit {run.returncode}\n{run.stdout}{run.stderr}")

    suite = ET.Element("testsuite")
    for name, status, output in (("probe/probe 1", "fail", run.stdout), ("probe/plain", "run", "whatever"),
                                 ("probe/broke off", "fail", "=== probe: passes\n=== passed\n=== probe: fails\n")):
        ET.SubElement(ET.SubElement(suite, "testcase", name=name, status=status), "system-out").text = output
    results = pathlib.Path(folder) / "results.xml"
    ET.ElementTree(suite).write(results)
    for arguments, wanted in ((["--counts"], "3 5 1"), ([], "probe/probe: skips: asked to"), ([], "Failed: probe/stuck: hangs ("),
                              ([], "Failed: probe/broke off ("), ([], "3 passed, 5 failed, 1 skipped")):
        told = subprocess.run([sys.executable, options.summary, *arguments, results], capture_output=True, text=True).stdout
        if wanted not in told:
            found.append(f"the summary does not say {wanted!r}:\n{told}")

    text = discovered(options, folder, "-Dtogether=ON")
    names = re.findall(r"add_test\(\[==\[(.*?)\]==\]", text)
    if sorted(names) != ["probe/probe 1", "probe/stuck 1", "probe/stuck: not with others", "probe/threads 1"] or \
            "--each-apart=60" not in text or "TIMEOUT 240" not in text:
        found.append(f"discovery of tests of several cases:\n{text}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--probe", required=True)
    parser.add_argument("--discover", required=True)
    parser.add_argument("--cmake", required=True)
    parser.add_argument("--summary", required=True)
    parser.add_argument("--sanitized", action="store_true")
    options = parser.parse_args()
    bad = 0

    for name, code in EXPECTED.items():
        run = subprocess.run([options.probe, f"--test-case={name}"], capture_output=True, text=True)
        if run.returncode != code:
            print(f"{name}: exit {run.returncode}, expected {code}\n{run.stdout}{run.stderr}")
            bad += 1
        if code == 77 and "SKIPPED: asked to" not in run.stdout:
            print(f"{name}: the reason is not printed")
            bad += 1

    # Whose file is not listed may not start a thread; a sanitizer's build does not look.
    for name, listed, code in (("threads: one more", "other.cpp|probe.cpp", 0), ("threads: one more", None, 0),
                               ("threads: one more", "other.cpp|a_probe.cpp", 0 if options.sanitized else 1),
                               ("threads: one more in a child", "other.cpp", 0 if options.sanitized else 1), ("probe: passes", "other.cpp", 0)):
        environment = os.environ | ({"DUET_TEST_THREADS": listed} if listed else {})
        run = subprocess.run([options.probe, f"--test-case={name}"], capture_output=True, text=True, env=environment)
        if run.returncode != code or ("add it to THREADS" in run.stderr) != (code == 1):
            print(f"{name}, with threads in {listed}: exit {run.returncode}, expected {code}\n{run.stdout}{run.stderr}")
            bad += 1

    with tempfile.TemporaryDirectory() as folder:
        text = discovered(options, folder)
        for wanted in ("add_test([==[probe/probe: skips]==]", "SKIP_RETURN_CODE 77", "TIMEOUT 60"):
            if wanted not in text:
                print(f"discovery did not write {wanted!r}:\n{text}")
                bad += 1
        if text.count("add_test(") != 9:
            print(f"discovery found not nine cases:\n{text}")
            bad += 1
        problems = problems_of_apart(options, folder)
        print(*problems, sep="\n")
        bad += len(problems)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
