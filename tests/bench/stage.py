# SPDX-License-Identifier: MIT
# What the runs of duet-bench by the tests share: checks, and a world in which something is refused.
import ctypes
import errno
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

LIMIT_S = 110
TINY = ["run", "--quick", "--blocks", "1", "--squares", "1", "--slot", "4ms", "--warm-up", "1ms", "--seed", "1",
        "--no-counts"]
ARMS = ["raw", "raw'", "asio", "asio-stock", "asio-coro", "limit"]
# An arm of one's own. Its argument: the line that it prints, with {port}.
OWN = """
import os, socket, sys
kind, _, where = os.environ["DUET_BENCH_LISTEN"].partition("://")
server = socket.create_server((where.split(":")[0], 0)) if kind == "tcp" else None
print(sys.argv[1].format(port=server.getsockname()[1]), flush=True)
while True:
    client, _ = server.accept()
    while data := client.recv(65536):
        client.sendall(data)
"""
# System calls by machine, for refuse().
NUMBERS = {"x86_64": {"sched_setaffinity": 203, "ptrace": 101, "perf_event_open": 298},
           "aarch64": {"sched_setaffinity": 122, "ptrace": 117, "perf_event_open": 241}}


def fail(reason, output=""):
    sys.exit(f"{reason}\n{output}")


def check(condition, reason, output=""):
    if not condition:
        fail(reason, output)


def skip(reason):
    print("SKIPPED: " + reason)
    sys.exit(77)


def run(bench, arguments, **more):
    return subprocess.run([bench, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT_S, **more)


def result_of(out):
    return json.loads((out / "result.json").read_text())


def cells_of(out):
    return {cell["scenario"]: cell for cell in result_of(out)["cells"]}


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction))]


def refuse(*calls):
    """For preexec_fn: from here on the kernel answers these system calls with EPERM. @see seccomp(2)"""
    if platform.machine() not in NUMBERS:
        skip("no numbers of system calls for " + platform.machine())
    wanted = [NUMBERS[platform.machine()][call] for call in calls]
    load, equal, give = 0x20, 0x15, 0x06
    code = [Instruction(load, 0, 0, 0)]
    for index, number in enumerate(wanted):
        code.append(Instruction(equal, len(wanted) - index, 0, number))
    code += [Instruction(give, 0, 0, 0x7fff0000), Instruction(give, 0, 0, 0x00050000 | errno.EPERM)]
    program = Program(len(code), (Instruction * len(code))(*code))
    libc = ctypes.CDLL(None, use_errno=True)

    def apply():
        no_new_privileges, seccomp, by_filter = 38, 22, 2
        if libc.prctl(no_new_privileges, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "no_new_privs")
        if libc.prctl(seccomp, by_filter, ctypes.byref(program), 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "seccomp")
    return apply


def own_programs(bench, folder):
    """The programs in a folder of their own, where one may be missing or another. @return duet-bench there"""
    folder.mkdir()
    for program in pathlib.Path(bench).resolve().parent.glob("duet-*"):
        if program.name.startswith(("duet-bench", "duet-arm-")):
            (folder / program.name).symlink_to(program)
    # What it looks beside is where it is itself: a link would lead back.
    (folder / "duet-bench").unlink()
    shutil.copy2(bench, folder / "duet-bench")
    return folder / "duet-bench"


def python_with(module):
    """A Python that has the module, or None: the one that runs the tests may be none of Debian's."""
    for python in (sys.executable, "/usr/bin/python3"):
        if os.access(python, os.X_OK) and subprocess.run([python, "-c", "import " + module], check=False,
                                                         capture_output=True).returncode == 0:
            return python
    return None
