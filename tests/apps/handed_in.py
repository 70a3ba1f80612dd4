#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""duet-echo serve --handed-in: sockets that are bound already come in by the environment, from a test and from systemd-socket-activate.

    handed_in.py CASE PROGRAM BACKEND MODEL     CASE: sockets, text, manager, nothing
"""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

LIMIT_S = 30
CASE_LIMIT_S = 45  # before the runner's, which would end this script and leave the server
SKIP = 77
# The process that is executed is the one that LISTEN_PID has to name.
AS_OWN_PID = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"]


@contextlib.contextmanager
def started(command, **more):
    """A server that has ended when its case has, however that ends."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    try:
        yield server
    finally:
        server.kill()  # which does nothing to one that was waited for
        server.wait()
        server.stdout.close()
        server.stderr.close()


def too_long(*_):
    check(False, f"it takes less than {CASE_LIMIT_S} s")


def check(truth, what, *seen):
    if not truth:
        print(f"not so: {what}", *seen, sep="\n")
        sys.exit(1)


def lines(server, count):
    return [json.loads(server.stdout.readline()) for _ in range(count)]


def echoed(to, text=b"hello\n"):
    to.settimeout(LIMIT_S)
    to.sendall(text)
    if to.type == socket.SOCK_STREAM:
        to.shutdown(socket.SHUT_WR)
    return to.recv(100) == text


def finish(server):
    server.send_signal(signal.SIGTERM)
    out, err = server.communicate(timeout=LIMIT_S)
    check(server.returncode == 0, "it drains and exits with 0", server.returncode, out, err)
    return json.loads(out.splitlines()[-1])


def at_three(sockets):
    """In the child: the sockets as 3, 4, ..."""
    def place():
        high = [os.dup2(each.fileno(), 100 + i) for i, each in enumerate(sockets)]
        for i, each in enumerate(high):
            os.dup2(each, 3 + i)

    return place


def handed(command, sockets, names, **more):
    environment = {**os.environ, "LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": ":".join(names)}
    return started([*AS_OWN_PID, *command], env=environment, close_fds=False, preexec_fn=at_three(sockets), **more)


def case_sockets(command):
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/in.sock"
        tcp = socket.create_server(("127.0.0.1", 0))
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(path)
        unix.listen()
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        metrics = socket.create_server(("127.0.0.1", 0))
        with handed([*command, "--rcvbuf", "64Ki"], [tcp, unix, udp, metrics], ["tcp", "unix", "udp", "metrics"]) as server:
            told = lines(server, 4)
            check([each["event"] for each in told] == ["listening"] * 3 + ["metrics"], "three are served, one tells", told)
            check(told[0]["endpoint"] == "tcp://127.0.0.1:%d" % tcp.getsockname()[1], "it is the one that was bound", told)
            check(udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * 65536, "its buffer is the one asked for")
            check(echoed(socket.create_connection(tcp.getsockname())), "TCP is echoed")
            client = socket.socket(socket.AF_UNIX)
            client.connect(path)
            check(echoed(client), "UNIX is echoed")
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            client.connect(udp.getsockname())
            check(echoed(client), "UDP is echoed")
            asked = socket.create_connection(metrics.getsockname())
            asked.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            check(asked.recv(100).startswith(b"HTTP/1."), "metrics are told")
            summary = finish(server)
            check(summary["accepted"] == 2 and summary["datagrams_echoed"] == 1, "counted", summary)
            check(os.path.exists(path), "a socket file of somebody else's stays")


def case_text(command):
    """What is told of is what was handed in, for no ENDPOINT was given."""
    command.remove("--json")
    tcp = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    with handed(command, [tcp, udp], ["tcp", "udp"]) as server:
        told = [server.stdout.readline() for _ in range(2)]
        check(all(each.startswith("listening ") for each in told), "both are served", told)
        check(echoed(socket.create_connection(tcp.getsockname())), "TCP is echoed")
        server.send_signal(signal.SIGUSR1)
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=LIMIT_S)
        check(server.returncode == 0, "it exits with 0", server.returncode, err)
        check(err.count("so far: ") == 2, "SIGUSR1 tells of connections and of datagrams", err)
        check("echoed 6 bytes of 1 connections" in err and "of 0 datagrams" in err, "the last lines tell of both", err)


def case_manager(command):
    activate = shutil.which("systemd-socket-activate")
    if activate is None:
        print("SKIPPED: systemd-socket-activate is not installed (systemd)")
        sys.exit(SKIP)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/in.sock"
        with started([activate, "-l", path, "--fdname=echo", *command]) as server:
            while not server.stderr.readline().startswith("Listening on"):
                check(server.poll() is None, "systemd-socket-activate listens")
            client = socket.socket(socket.AF_UNIX)
            client.connect(path)  # who comes first starts it
            check(lines(server, 1)[0]["endpoint"] == f"unix:{path}", "it serves what the manager bound")
            check(echoed(client), "and the client that started it")
            check(finish(server)["accepted"] == 1, "counted")


def case_nothing(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    check(done.returncode == 2 and "LISTEN_FDS" in done.stderr, "without a socket it says so", done)
    pipe = os.pipe()

    class End:
        def fileno(self):
            return pipe[0]

    with handed(command, [End()], ["pipe"]) as server:
        _, err = server.communicate(timeout=LIMIT_S)
        check(server.returncode == 1 and "descriptor 3 (pipe)" in err, "what is no socket is named", err)


if __name__ == "__main__":
    case, program, backend, model = sys.argv[1:]
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(CASE_LIMIT_S)
    {"sockets": case_sockets, "text": case_text, "manager": case_manager, "nothing": case_nothing}[case](
        [program, "serve", "--handed-in", "--json", "--backend", backend, "--model", model])
