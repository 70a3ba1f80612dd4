#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs what a page of docs/ shows and compares it with what the page says comes of it. The page is the only source.

Fenced blocks that are run:
  console          "$ COMMAND" lines, each followed by its output. A block with the line "^C" is a server: it runs until
                   the blocks behind it are done, then gets SIGINT. A command ends with 0 unless "$ echo $?" follows.
  console any-order    the same, its lines in any order
  cpp run          statements of a main() that is compiled and run; the text block behind it is the output
  cpp compile-error    statements that must not compile; the text block behind it is what g++ says
Capital words in output (PLACEHOLDERS) stand for numbers.

  page.py --page FILE --list                                  the sections that show something, one a line
  page.py --page FILE --section NAME --bin FOLDER --cxx COMPILER
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

LIMIT_S = 30
# The same word is the same number in a section, or in the output of one command; a word of ANY may change.
SECTION_WORDS = {"PORT"}
OUTPUT_WORDS = {"LISTENING", "ACCEPTED", "CONNECTED", "SOCKET", "CHILD"}
ANY = {"PEER": r"\d+", "0xHEX": r"0x[0-9a-f]{4}", "NAME": r"[0-9a-f]{5}"}
PLACEHOLDER = re.compile(r"\b(?:PORT|LISTENING|ACCEPTED|CONNECTED|SOCKET|CHILD)\d*\b|\bPEER\b|\b0xHEX\b|\bNAME\b")
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
PROGRAM = """#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <type_traits>
int main() {
#line 1 "snippet"
"""


class Failure(Exception):
    pass


class Block:
    """A fenced block: its info string, its lines, where it begins."""

    def __init__(self, info: str, line: int):
        self.info, self.line, self.lines = info, line, []

    @property
    def is_server(self) -> bool:
        return self.info.startswith("console") and "^C" in self.lines


def sections_of(page: pathlib.Path) -> dict[str, list[Block]]:
    """Heading (without a translation in parentheses) -> its blocks."""
    sections, blocks, block = {}, [], None
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if block is not None:
            if line == "```":
                block = None
            else:
                block.lines.append(line)
        elif line.startswith("```"):
            block = Block(line[3:].strip(), number)
            blocks.append(block)
        elif heading := re.match(r"#+ ([^(]+)", line):
            name = heading.group(1).strip()
            if name in sections:
                sys.exit(f"{page}:{number}: a second section is called \"{name}\"")
            blocks = sections[name] = []
    return {name: blocks for name, blocks in sections.items()
            if any(b.info.startswith(("console", "cpp ")) for b in blocks)}


class Names:
    """What the placeholders have turned out to be."""

    def __init__(self, section: dict[str, str]):
        self.section, self.output = section, {}

    def scope(self, word: str) -> dict[str, str]:
        return self.section if word.rstrip("0123456789") in SECTION_WORDS else self.output

    def match(self, expected: str, actual: str) -> bool:
        """Compares one line; what it finds out is kept if the line matches."""
        pattern, at, new = "", 0, set()
        for found in PLACEHOLDER.finditer(expected):
            word = found.group()
            pattern += re.escape(expected[at:found.start()])
            at = found.end()
            if word in ANY:
                pattern += ANY[word]
            elif word in self.scope(word):
                pattern += self.scope(word)[word]
            else:
                pattern += f"(?P={word})" if word in new else f"(?P<{word}>\\d+)"
                new.add(word)
        match = re.fullmatch(pattern + re.escape(expected[at:]), actual)
        if match:
            for word in new:
                self.scope(word)[word] = match.group(word)
        return match is not None

    def fill_in(self, command: str) -> str:
        return PLACEHOLDER.sub(lambda m: self.section.get(m.group(), m.group()), command)


def check_ports(lines: list[str]) -> None:
    """sin_port is the port in network byte order, as a number of this machine."""
    for line in lines:
        for port, stored in re.findall(r":(\d+) \(sin6?_port 0x([0-9a-f]{4})\)", line):
            if int.from_bytes(int(port).to_bytes(2, "big"), sys.byteorder) != int(stored, 16):
                raise Failure(f"not the port's bytes: {line}")


def compare(expected: list[str], actual: list[str], names: Names, what: str, any_order=False) -> None:
    check_ports(actual)
    rest = list(actual)
    for wanted in expected:
        candidates = rest if any_order else rest[:1]
        found = next((line for line in candidates if names.match(wanted, line)), None)
        if found is None:
            raise Failure(f"{what}\nnot as the page says at: {wanted}\n--- the page:\n"
                          + "\n".join(expected) + "\n--- what came:\n" + "\n".join(actual))
        rest.remove(found)
    if rest:
        raise Failure(f"{what}\nmore came than the page says:\n" + "\n".join(rest))


class Server:
    """A block with ^C: started by the constructor, ended by finish()."""

    def __init__(self, block: Block, names: Names, shell: dict):
        command, *lines = block.lines
        self.command, self.names = command[2:], names
        end = lines.index("^C")
        self.before, self.after = lines[:end], lines[end + 1:]
        self.lines, self.partial = [], ""
        self.any_order = "any-order" in block.info
        # exec: the signal is for the program, not for a shell in front of it.
        self.process = subprocess.Popen(["bash", "-c", "exec " + self.command], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **shell)
        ready = max(i for i, line in enumerate(self.before) if line.startswith("listening ")) + 1
        self.read(ready)
        compare(self.before[:ready], self.lines[:ready], names, self.command)

    def read(self, count: int) -> None:
        """Until so many lines have come."""
        deadline = time.monotonic() + LIMIT_S
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while len(self.lines) < count:
                if not selector.select(deadline - time.monotonic()):
                    raise Failure(f"{self.command}\nno more came than:\n" + "\n".join(self.lines))
                data = os.read(self.process.stdout.fileno(), 65536).decode()
                if not data:
                    raise Failure(f"{self.command}\nended after:\n" + "\n".join(self.lines))
                *whole, self.partial = (self.partial + data).split("\n")
                self.lines += whole

    def finish(self) -> None:
        self.read(len(self.before))
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=LIMIT_S)
        self.lines += (self.partial + rest.decode()).splitlines()
        self.names.output.clear()
        compare(self.before + self.after, self.lines, self.names, self.command, self.any_order)
        if self.process.returncode not in (0, -signal.SIGINT):
            raise Failure(f"{self.command}\nexit {self.process.returncode}")

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def run_commands(block: Block, known: dict[str, str], shell: dict) -> None:
    steps, status = [], 0
    for line in block.lines:
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    for i, (command, expected) in enumerate(steps):
        names = Names(known)
        done = subprocess.run(["bash", "-c", f"(exit {status})\n{names.fill_in(command)}"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT_S, check=False, **shell)
        status = done.returncode
        compare(expected, done.stdout.decode().splitlines(), names, command, "any-order" in block.info)
        asked = i + 1 < len(steps) and steps[i + 1][0] == "echo $?"
        if status != 0 and not asked:
            raise Failure(f"{command}\nexit {status}")


def run_snippet(block: Block, said: list[str], compiler: str, folder: str) -> None:
    source, program = pathlib.Path(folder) / "snippet.cpp", pathlib.Path(folder) / "snippet"
    source.write_text(PROGRAM + "\n".join(block.lines) + "\n}\n")
    fails = block.info == "cpp compile-error"
    built = subprocess.run([compiler, "-std=c++20", *([] if fails else WARNINGS), str(source), "-o", str(program)],
                           capture_output=True, text=True, timeout=LIMIT_S, check=False,
                           env={**os.environ, "LC_ALL": "C"})
    if fails:
        version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout
        if built.returncode == 0:
            raise Failure(f"line {block.line}: it compiles")
        missing = [line for line in said if line not in built.stderr.replace("‘", "'").replace("’", "'")]
        if missing and "Free Software Foundation" in version:
            raise Failure(f"line {block.line}: g++ does not say {missing} but\n{built.stderr}")
        return
    if built.returncode != 0:
        raise Failure(f"line {block.line}: it does not compile:\n{built.stderr}")
    done = subprocess.run([program], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode != 0:
        raise Failure(f"line {block.line}: exit {done.returncode}")
    compare(said, done.stdout.splitlines(), Names({}), f"the snippet of line {block.line}")


def run_section(blocks: list[Block], options, folder: str) -> None:
    shell = {"cwd": folder, "env": {**os.environ, "PATH": f"{options.bin}:{os.environ['PATH']}", "NO_COLOR": "1"}}
    known, server = {}, None
    try:
        for i, block in enumerate(blocks):
            if block.info.startswith("cpp "):
                said = blocks[i + 1].lines if i + 1 < len(blocks) and blocks[i + 1].info == "text" else []
                run_snippet(block, said, options.cxx, folder)
            elif block.is_server:
                if server:
                    server.finish()
                known.clear()
                server = Server(block, Names(known), shell)
            elif block.info.startswith("console"):
                run_commands(block, known, shell)
        if server:
            server.finish()
    finally:
        if server:
            server.kill()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--page", type=pathlib.Path, required=True)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--section")
    parser.add_argument("--bin", type=pathlib.Path)
    parser.add_argument("--cxx")
    options = parser.parse_args()
    sections = sections_of(options.page)
    if options.list:
        print("\n".join(sections))
        return 0
    blocks = sections[options.section]
    if any("[::1]" in line for block in blocks for line in block.lines):
        interfaces = pathlib.Path("/proc/net/if_inet6")
        if not interfaces.exists() or not re.search(r"^0{31}1 ", interfaces.read_text(), re.MULTILINE):
            print("SKIPPED: this machine has no ::1")
            return 77
    with tempfile.TemporaryDirectory(prefix="duet-page-") as folder:
        try:
            run_section(blocks, options, folder)
        except (Failure, subprocess.TimeoutExpired) as failed:
            print(failed)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
