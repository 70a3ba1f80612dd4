#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs tools/setup.sh against a pretended Debian: what it prints, and what it asks apt-get to do."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

# Knows the packages in $INSTALLED; apt-get refuses what $REFUSED names and notes every call.
DPKG_QUERY = '''#!/bin/sh
for last; do :; done
case " $INSTALLED " in *" $last "*) printf installed ;; *) exit 1 ;; esac
'''
APT_GET = '''#!/bin/sh
echo "apt-get $*" >>"$CALLS"
for word; do case " $REFUSED " in *" $word "*) exit 100 ;; esac; done
'''
PACKAGES = "[build]\nmake-it\nlook-at-it\n[test]\n# a comment\npeer\nother-peer\n[bench]\npeer\n"
DEBIAN_12 = "ID=debian\nVERSION_ID=\"12\"\n"


class Machine:
    """A folder with a copy of setup.sh, pretended tools, and a note of the calls."""

    def __init__(self, folder: str, script: pathlib.Path):
        self.root = pathlib.Path(folder)
        (self.root / "tools").mkdir()
        (self.root / "bin").mkdir()
        (self.root / "tools/setup.sh").write_text(script.read_text())
        (self.root / "tools/packages.txt").write_text(PACKAGES)
        for name, text in (("dpkg-query", DPKG_QUERY), ("apt-get", APT_GET),
                           ("sudo", '#!/bin/sh\nexec "$@"\n')):
            (self.root / "bin" / name).write_text(text)
            (self.root / "bin" / name).chmod(0o755)

    def path(self, user, without) -> str:
        """With the real tools that setup.sh uses, or all of them; of a user who is not root there is an `id`."""
        (self.root / "bin/id").unlink(missing_ok=True)
        if user != 0:
            (self.root / "bin/id").write_text(f"#!/bin/sh\necho {user}\n")
            (self.root / "bin/id").chmod(0o755)
        if not without:
            return f"{self.root / 'bin'}:{os.environ['PATH']}"
        few = pathlib.Path(tempfile.mkdtemp(dir=self.root))
        for name in ("bash", "sh", "dirname", "basename", "nproc", "tr", "id", "cmake", "ninja"):
            (few / name).symlink_to(shutil.which(name) or "/nowhere")
        for each in (self.root / "bin").iterdir():
            (few / each.name).unlink(missing_ok=True)
            (few / each.name).symlink_to(each)
        for name in without:
            (few / name).unlink(missing_ok=True)
        return str(few)

    def run(self, installed="", refused="", install="yes", release=DEBIAN_12, user=0, without=()):
        """Exit code, output, apt-get's calls."""
        calls = self.root / "calls"
        calls.write_text("")
        (self.root / "os-release").write_text(release)
        environment = os.environ | {
            "PATH": self.path(user, without), "CALLS": str(calls),
            "INSTALLED": installed, "REFUSED": refused,
            "DUET_OS_RELEASE": str(self.root / "os-release")}
        done = subprocess.run(
            ["bash", "-c", f"set -euo pipefail; assume_yes=no may_install={install}; "
             ". tools/setup.sh; install_packages build 'test bench'; echo went on"],
            cwd=self.root, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False)
        return done.returncode, done.stdout + done.stderr, calls.read_text().splitlines()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    options = parser.parse_args()
    bad = 0

    def expect(what: str, truth: bool, *seen) -> None:
        nonlocal bad
        if not truth:
            bad += 1
            print(f"not so: {what}\n", *seen, sep="\n")

    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(folder, options.root / "tools/setup.sh")
        all_four = "make-it look-at-it peer other-peer"
        install = "apt-get install -y -q --no-install-recommends"

        code, output, calls = machine.run(installed=all_four)
        expect("with everything there it makes no call and says nothing",
               (code, output, calls) == (0, "went on\n", []), code, output, calls)

        code, output, calls = machine.run(installed="make-it peer")
        line = "apt-get install -y --no-install-recommends look-at-it other-peer"
        expect("only what is missing is installed, and the line is printed before",
               code == 0 and line in output
               and calls == ["apt-get update -q", f"{install} look-at-it other-peer"],
               code, output, calls)

        code, output, calls = machine.run(installed="make-it", install="no")
        expect("--no-install never calls apt-get, names what is missing and goes on",
               code == 0 and not calls and "look-at-it peer other-peer" in output
               and "went on" in output, code, output, calls)

        code, output, calls = machine.run(installed="make-it", refused="peer")
        expect("a peer that cannot be had does not stop the rest",
               code == 0 and "Without peer" in output and "went on" in output
               and f"{install} look-at-it" in calls and f"{install} other-peer" in calls,
               code, output, calls)

        code, output, calls = machine.run(installed="make-it", refused="look-at-it")
        expect("a needed package that cannot be had stops",
               code == 1 and "could not install: look-at-it" in output and "went on" not in output,
               code, output, calls)

        code, output, calls = machine.run(install="no", without=["ninja"])
        expect("--no-install says which tool it cannot do without",
               code == 1 and not calls and "cannot build without ninja" in output, code, output, calls)

        code, output, calls = machine.run(installed="make-it", user=1000)
        expect("a user asks for root's rights, and says so before",
               code == 0 and "sudo apt-get install -y --no-install-recommends look-at-it peer other-peer" in output
               and calls == ["apt-get update -q", f"{install} look-at-it peer other-peer"], code, output, calls)

        code, output, calls = machine.run(installed="make-it", user=1000, without=["sudo"])
        expect("a user without rights gets the line for root",
               code == 1 and not calls and "as root: apt-get update && apt-get install -y --no-install-recommends look-at-it"
               in output, code, output, calls)

        code, output, calls = machine.run(installed="make-it look-at-it", user=1000, without=["sudo"])
        expect("a user without rights goes on if nothing that is needed is missing",
               code == 0 and not calls and "Going on without peer other-peer" in output and "went on" in output,
               code, output, calls)

        code, output, calls = machine.run(release="ID=fedora\nVERSION_ID=40\n")
        expect("another system is told what is needed, and nothing is called",
               code == 1 and not calls and "make-it look-at-it" in output, code, output, calls)
        code, output, calls = machine.run(release="ID=fedora\nVERSION_ID=40\n", install="no")
        expect("another system goes on with --no-install", code == 0 and not calls, code, output)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
