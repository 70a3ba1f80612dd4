#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every system call of the library goes through os/sys, where tests can make it fail.

Looked for in the text: a call with the global `::name(` of anything that a seam could wrap, and the names that nobody
gives to a member. A call that must not pass the seam says why on its line or the one above: "not through sys: reason".
"""
import pathlib
import re
import sys

import tree

SEAM = {"include/duet/os/sys.hpp", "include/duet/os/fault.hpp", "src/os/fault.cpp"}
CALLS = """accept accept4 bind chmod clone close close_range connect dup dup2 dup3 epoll_create1 epoll_ctl epoll_pwait
epoll_wait eventfd execve execvp fchmod fcntl fork fstat fstatat getaddrinfo gethostbyaddr_r
gethostbyname gethostbyname2_r getnameinfo getpeername getppid getrlimit getsockname
getsockopt if_indextoname if_nametoindex ioctl kill lchown listen lstat open openat pidfd_open pipe pipe2 poll ppoll prctl prlimit pthread_sigmask read
readv recv recvfrom recvmmsg recvmsg rename select send sendmmsg sendmsg sendto setrlimit setsockopt shutdown
sigaction signal signalfd sigprocmask sigtimedwait socket socketpair splice stat timerfd_create timerfd_settime unlink waitpid write
writev""".split()
# Names that duet's own classes have too: only the `::` form tells the call from the member.
SHARED = {"accept", "bind", "close", "connect", "kill", "listen", "open", "poll", "read", "recv", "recvfrom", "rename",
          "select", "send", "sendto", "shutdown", "signal", "socket", "splice", "stat", "write", "clone"}
QUALIFIED = re.compile(r"(?<![\w>:])::\s*(" + "|".join(CALLS) + r")\s*\(")
BARE = re.compile(r"(?<![\w>:.])(" + "|".join(c for c in CALLS if c not in SHARED) + r")\s*\(")
EXCUSE = "not through sys:"


def problems_of(root: pathlib.Path, file: pathlib.Path) -> list[str]:
    raw = (root / file).read_text()
    lines = raw.splitlines()
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', tree.without_comments(raw))
    found = []
    for number, line in enumerate(text.splitlines()):
        for match in (*QUALIFIED.finditer(line), *BARE.finditer(line)):
            if not any(EXCUSE in near for near in lines[max(0, number - 1):number + 1]):
                found.append(f"{file}:{number + 1}: {match.group(1)} is called past os/sys")
    return found


def main() -> int:
    options = tree.arguments(__doc__).parse_args()
    root = options.root.resolve()
    files = [f for f in tree.library_files(root) if f.as_posix() not in SEAM]
    problems = [problem for file in files for problem in problems_of(root, file)]
    return tree.finish("seam", len(files), problems)


if __name__ == "__main__":
    sys.exit(main())
