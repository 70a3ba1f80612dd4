#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the commands of a page that are duet's, as they stand there but for places: a port is the kernel's choice, a path is in a temporary
folder. A server has to serve and to end well, a client gets a server; a measurement is cut short, its figures are looked at by nobody.

    run_commands.py --root DIR --bin DIR --page README.md
"""
import argparse
import os
import pathlib
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time

import commands

LIMIT_S = 40
BRIEF = {
    "run": "--blocks 1 --squares 1 --slot 4ms --warm-up 1ms --stop-after 1ms --no-counts",
    "list": "",
    "report": "",
    "compare": "--force",
}


class Failure(Exception):
    pass


def lines_until(process, wanted: str, count: int) -> list[str]:
    """What a program prints until so many of its lines begin with a word."""
    text, deadline = "", time.monotonic() + LIMIT_S
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while len(found := re.findall(rf"^{wanted}.*(?=\n)", text, re.M)) < count:
            if not selector.select(max(0, deadline - time.monotonic())):
                raise Failure(f"{process.args}\nno {count} lines of {wanted!r}:\n{text}")
            data = os.read(process.stdout.fileno(), 65536).decode()
            if not data:
                raise Failure(f"{process.args}\nended after:\n{text}")
            text += data
    return found


class Place:
    """A folder to run in, and the shell's environment."""

    def __init__(self, folder: str, programs: pathlib.Path):
        self.folder, self.environment = folder, {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "NO_COLOR": "1"}
        self.result = None
        (pathlib.Path(folder) / "file").write_bytes(bytes(range(256)) * 4096)

    def start(self, command: str, feed=subprocess.DEVNULL, errors=subprocess.STDOUT):
        # exec: a signal is for the program, not for a shell in front of it.
        return subprocess.Popen(["bash", "-c", "set -o pipefail; " + ("" if "|" in command else "exec ") + command], cwd=self.folder,
                                env=self.environment, stdin=feed, stdout=subprocess.PIPE, stderr=errors)

    def run(self, command: str, feed=b"", codes=(0,)) -> str:
        with self.start(command, subprocess.PIPE, subprocess.PIPE) as process:
            try:
                out, errors = process.communicate(feed, LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        if process.returncode not in codes:
            raise Failure(f"{command}\nexit {process.returncode}\n{out.decode()}{errors.decode()}")
        return out.decode("latin-1")


def serve(place: Place, command: str) -> None:
    """Serves what it says, echoes, ends with 0 at SIGTERM."""
    named = re.findall(r"\b(?:tcp|udp|unix|unixgram):\S+", command)
    command = command.replace("/tmp/", place.folder + "/").replace(":9000", ":0")
    with place.start(command) as server:
        try:
            endpoints = [line.split()[1] for line in lines_until(server, "listening ", len(named))]
            for each in endpoints:
                if place.run(f"duet-echo send '{each.replace('*', '127.0.0.1')}'", b"hello\n") != "hello\n":
                    raise Failure(f"{command}\nno echo of {each}")
            server.terminate()
            server.communicate(timeout=LIMIT_S)
        finally:
            server.kill()
    if server.returncode not in (0, -signal.SIGTERM):
        raise Failure(f"{command}\nexit {server.returncode}")


def client(place: Place, command: str) -> None:
    """Reaches a server, and says what it is there to say."""
    scheme = "udp" if "udp://" in command else "tcp"
    with place.start(f"duet-echo serve --quiet {scheme}://127.0.0.1:0") as server:
        try:
            endpoint = lines_until(server, "listening ", 1)[0].split()[1]
            command = command.replace("...", endpoint).replace(":9000", ":" + endpoint.rpartition(":")[2])
            if "ping" in command and " -c " not in command:
                with place.start(command) as ping:
                    try:
                        lines_until(ping, r"\d+ bytes from ", 3)
                        ping.send_signal(signal.SIGINT)
                        totals = ping.communicate(timeout=LIMIT_S)[0].decode()
                    finally:
                        ping.kill()
                # The shell's loop shall stop, too.
                if ping.returncode != -signal.SIGINT or "\nsent " not in totals:
                    raise Failure(f"{command}\nexit {ping.returncode} at SIGINT\n{totals}")
                return
            said = place.run(command, b"one\ntwo\n")
        finally:
            server.kill()
    if " send " in command:
        wanted = (pathlib.Path(place.folder) / "file").read_bytes().decode("latin-1") if "< file" in command else \
            "hello\n" if "echo hello" in command else "one\ntwo\n"
        if said != wanted:
            raise Failure(f"{command}\nnot what was sent comes back: {said[:200]!r}")
    elif endpoint.rpartition("/")[2] not in said:
        raise Failure(f"{command}\ndoes not name {endpoint}:\n{said}")


def measure(place: Place, command: str) -> None:
    """Of duet-bench. DIR is where the last run left its results."""
    words = command.split()
    kind = words[1]
    if kind not in BRIEF:
        raise Failure(f"{command}\nno way to run it briefly is known: BRIEF of tests/docs/run_commands.py")
    if kind == "run" and "--resume" not in words:
        place.result = f"{place.folder}/{abs(hash(command))}"
        command += " --out " + place.result
    if place.result:
        command = re.sub(r"\b(DIR|OLD|NEW)\b", place.result, command)
    # Last values count; a resumed run goes by its own plan, which has no counts here, but may be stopped.
    command += " " + ("--stop-after 1ms" if "--resume" in words else BRIEF[kind])
    # 8: something is left to --resume, and here that is so.
    if not place.run(command, codes=(0, 8) if kind == "run" else (0,)):
        raise Failure(f"{command}\nsays nothing")


def run(place: Place, command: str, program: str) -> None:
    if program == "duet-bench":
        measure(place, command)
    elif program == "duet-resolve":
        if not place.run(command):
            raise Failure(f"{command}\nsays nothing")
    elif command.split()[1] == "serve":
        serve(place, command)
    else:
        client(place, command)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--root", "--bin"):
        parser.add_argument(name, type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument("--page", required=True)
    options = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="duet-page-") as folder:
        place = Place(folder, options.bin)
        for each in commands.read(options.root)[0]:
            if each.page != options.page or not each.is_run:
                continue
            begin = time.monotonic()
            try:
                run(place, each.text, each.program)
                print(f"ok {time.monotonic() - begin:5.2f} s  {each.text}", flush=True)
            except (Failure, subprocess.TimeoutExpired) as failed:
                bad += 1
                print(f"{each.page}:{each.line}: {failed}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
