#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the exit codes of the tests' main with a probe program, and what discovery writes for it."""
import argparse
import pathlib
import subprocess
import sys
import tempfile

EXPECTED = {
    "probe: passes": 0,
    "probe: fails": 1,
    "probe: skips": 77,
    "probe: fails then skips": 1,
    "probe: no such case": 1,
    "probe: *": 1,
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--probe", required=True)
    parser.add_argument("--discover", required=True)
    parser.add_argument("--cmake", required=True)
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

    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "tests.cmake"
        subprocess.run(
            [options.cmake, f"-Dprogram={options.probe}", "-Dsuite=probe", "-Dlabels=probe",
             "-Dtimeout=60", "-Denvironment=", f"-Dworking_directory={folder}",
             f"-Doutput={output}", "-P", options.discover], check=True)
        text = output.read_text()
        for wanted in ("add_test([==[probe/probe: skips]==]", "SKIP_RETURN_CODE 77", "TIMEOUT 60"):
            if wanted not in text:
                print(f"discovery did not write {wanted!r}:\n{text}")
                bad += 1
        if text.count("add_test(") != 4:
            print(f"discovery found not four cases:\n{text}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
