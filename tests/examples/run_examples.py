#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one example against its counterparts of both columns.

  run_examples.py CASE PROGRAM FOLDER_OF_EXAMPLES     CASE: server, client, udp_server, udp_client, flags, names, limits, reliable, chat,
                                                   forwarder
"""
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile

LIMIT_S = 30
COLUMNS = ("on_posix", "on_asio")
CLIENTS = [f"example_{column}_{name}" for column in COLUMNS for name in ("tcp_client", "async_tcp_client")]
UDP_CLIENTS = [client.replace("tcp", "udp") for client in CLIENTS]


def check(truth, what, *seen):
    if not truth:
        print(f"not so: {what}", *seen, sep="\n")
        sys.exit(1)


def run(program, *arguments):
    return subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT_S, check=False)


def has_ipv6():
    interfaces = pathlib.Path("/proc/net/if_inet6")
    return interfaces.exists() and re.search(r"^0{31}1 ", interfaces.read_text(), re.MULTILINE)


def endpoints(folder):
    return ["tcp://127.0.0.1:0", *(["tcp://[::1]:0"] if has_ipv6() else []), f"unix:{folder}/echo.sock"]


def udp_endpoints(folder):
    return ["udp://127.0.0.1:0", *(["udp://[::1]:0"] if has_ipv6() else []), f"unixgram:{folder}/echo.sock",
            f"unixgram:@{folder}"]


class Server:
    """A server example that is ready."""

    def __init__(self, program, *at):
        self.process = subprocess.Popen([program, *at], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        check(line.startswith("listening "), f"{program} is ready", line)
        self.at = line.split()[1]

    def stop(self, connected):
        """Exit code, what it printed since it was ready, its errors. The connection, which it ends, is closed behind it."""
        self.process.send_signal(signal.SIGTERM)
        with connected:
            check(connected.recv(1) == b"", "it ends its connections")
        return self.end()

    def end(self):
        output, errors = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, output, errors

    def connect(self):
        if self.at.startswith("unix:"):
            raw = socket.socket(socket.AF_UNIX)
            raw.connect(self.at.removeprefix("unix:"))
        else:
            host, port = re.fullmatch(r"tcp://\[?([^]]+)\]?:(\d+)", self.at).groups()
            raw = socket.create_connection((host, int(port)))
        raw.settimeout(LIMIT_S)
        return raw


def address_of(at):
    """The family and the address, for a socket."""
    if at.startswith("unixgram:"):
        path = at.removeprefix("unixgram:")
        return socket.AF_UNIX, "\0" + path[1:] if path.startswith("@") else path
    host, port = re.fullmatch(r"udp://\[?([^]]+)\]?:(\d+)", at).groups()
    return socket.AF_INET6 if ":" in host else socket.AF_INET, (host, int(port))


def datagram_socket(family):
    """Bound by the kernel's choice, so that it can be answered."""
    raw = socket.socket(family, socket.SOCK_DGRAM)
    raw.settimeout(LIMIT_S)
    raw.bind({socket.AF_UNIX: "", socket.AF_INET: ("127.0.0.1", 0), socket.AF_INET6: ("::1", 0)}[family])
    return raw


def echo(raw, text):
    raw.sendall(text)
    got = b""
    while len(got) < len(text):
        part = raw.recv(len(text) - len(got))
        check(part, "the echo is whole", got)
        got += part
    check(got == text, "the echo is what was sent", got)


def reset(raw):
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


def case_server(program, folder):
    drains = "async" in program or "embed" in program or "prefork" in program
    many_at_once = drains or "fork" in program
    with tempfile.TemporaryDirectory(prefix="duet-") as sockets:
        for at in endpoints(sockets):
            server = Server(program, at)
            for client in CLIENTS:
                done = run(os.path.join(folder, client), server.at, "to and fro")
                check((done.returncode, done.stdout) == (0, "to and fro\n"), f"{client} at {server.at}",
                      done.stdout, done.stderr)
            with server.connect() as raw:
                echo(raw, bytes(range(256)) * 64)
                if many_at_once:
                    with server.connect() as other:
                        echo(other, b"meanwhile")
                    echo(raw, b"still here")
            lost = server.connect()
            echo(lost, b"about to go")
            reset(lost)
            raw = server.connect()
            echo(raw, b"after one that was reset")
            code, output, errors = server.stop(raw)
            check(code == (0 if drains else -signal.SIGTERM) and errors == "", "it ends well", code, output, errors)


def case_client(program, _):
    with socket.socket() as bound:  # bound and not listening: nobody can take the port, and it refuses
        bound.bind(("127.0.0.1", 0))
        at = f"tcp://127.0.0.1:{bound.getsockname()[1]}"
        done = run(program, at)
    check(done.returncode == 1 and done.stderr == f"connect {at}: Connection refused\n", "refused", done.stderr)
    done = run(program, "tcp://127.0.0.1:65543")
    check(done.returncode == 1 and "65543" in done.stderr, "a bad port is named", done.stderr)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        client = subprocess.Popen([program, f"tcp://127.0.0.1:{mute.getsockname()[1]}"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        accepted, _ = mute.accept()
        accepted.recv(5)
        accepted.sendall(b"hell")
        accepted.recv(4096)
        accepted.close()
        output, errors = client.communicate(timeout=LIMIT_S)
    check(client.returncode == 1 and output == "" and errors != "", "an early end is an error", output, errors)


def case_udp_server(program, folder):
    with tempfile.TemporaryDirectory(prefix="duet-") as sockets:
        for at in udp_endpoints(sockets):
            server = Server(program, at)
            for client in UDP_CLIENTS:
                done = run(os.path.join(folder, client), server.at, "to and fro")
                check((done.returncode, done.stdout) == (0, "to and fro\n"), f"{client} at {server.at}",
                      done.stdout, done.stderr)
            family, address = address_of(server.at)
            with socket.socket(family, socket.SOCK_DGRAM) as nameless, datagram_socket(family) as raw:
                if family == socket.AF_UNIX:
                    nameless.sendto(b"cannot be answered", address)
                for text in (b"", b"a\0b", b"hello", b"hi", bytes(range(256)) * 100):
                    raw.sendto(text, address)
                    check(raw.recv(65535) == text, "the echo is what was sent", text)
            server.process.send_signal(signal.SIGTERM)
            code, output, errors = server.end()
            check(code == (0 if "async" in program else -signal.SIGTERM) and errors == "", "it ends well", code, output, errors)


def case_udp_client(program, _):
    done = run(program, "udp://127.0.0.1:65543")
    check(done.returncode == 1 and "65543" in done.stderr, "a bad port is named", done.stderr)
    with datagram_socket(socket.AF_INET) as server, datagram_socket(socket.AF_INET) as stranger:
        at = f"udp://127.0.0.1:{server.getsockname()[1]}"
        client = subprocess.Popen([program, at, "who"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        text, peer = server.recvfrom(65535)
        check(text == b"who", "the datagram is the text", text)
        stranger.sendto(b"not the server", peer)
        server.sendto(b"the server", peer)
        output, errors = client.communicate(timeout=LIMIT_S)
        check((client.returncode, output, errors) == (0, "the server\n", ""), "the server alone is heard", output, errors)
        if "async" in program:  # a socket that is connected elsewhere: nobody can take the port, and it refuses
            server.connect(stranger.getsockname())
            done = run(program, at)
            check(done.returncode == 1 and done.stderr == "receive: Connection refused\n", "refused", done.stderr)


def case_flags(program, _):
    with tempfile.TemporaryDirectory(prefix="duet-") as sockets:
        for at in endpoints(sockets):
            done = run(program, at)
            lines = done.stdout.splitlines()
            check(done.returncode == 0 and lines[0].startswith("listening ") and "recv MSG_WAITALL: \"world\"" in lines
                  and lines[-1] == "send MSG_NOSIGNAL: Broken pipe", at, done.stdout, done.stderr)


def case_names(program, _):
    done = run(program)
    check(done.returncode == 0 and done.stdout.startswith("official name localhost\n")
          and "\naddress 127.0.0.1 (0x7f000001)\n" in done.stdout, "localhost", done.stdout, done.stderr)
    done = run(program, "127.0.0.1", "no name", "a..b")
    check(done.returncode == 1 and done.stdout == "official name 127.0.0.1\naddress type AF_INET (2)\nlength 4\n"
          "address 127.0.0.1 (0x7f000001)\n", "the good one of three", done.stdout)
    check(sorted(done.stderr.splitlines()) == ["a..b: not a valid name", "no name: not a valid name"], "bad names", done.stderr)


def case_limits(program, _):
    with tempfile.TemporaryDirectory(prefix="duet-") as sockets:
        for at in endpoints(sockets):
            server = Server(program, at)
            with server.connect() as quiet, server.connect() as raw:
                echo(raw, b"to and fro")
                lost = server.connect()
                echo(lost, b"about to go")
                reset(lost)
                echo(raw, b"still here")
                echo(quiet, bytes(range(256)) * 64)
            last = server.connect()
            echo(last, b"others come")
            code, output, errors = server.stop(last)
            check((code, output, errors) == (0, "4 served\n", ""), "it drains", code, output, errors)


def case_reliable(program, _):
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(LIMIT_S)
        client = subprocess.Popen([program, f"tcp://127.0.0.1:{door.getsockname()[1]}"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for number in (1, 2, 3):
            accepted, _ = door.accept()
            with accepted:
                accepted.settimeout(LIMIT_S)
                wanted = b"report %d\n" % number
                check(accepted.recv(len(wanted), socket.MSG_WAITALL) == wanted, "it reports")
                if number == 3:
                    client.send_signal(signal.SIGTERM)
                    check(accepted.recv(1) == b"", "it ends")
        output, errors = client.communicate(timeout=LIMIT_S)
    states = output.splitlines()
    check((client.returncode, errors) == (0, "") and
          states == ["connecting", "connected", "waiting"] * 2 + ["connecting", "connected", "stopped"], "states", output, errors)


def receive(raw, size):
    got = b""
    while len(got) < size:
        part = raw.recv(size - len(got))
        check(part, "the stream goes on", got)
        got += part
    return got


def case_chat(program, _):
    with tempfile.TemporaryDirectory(prefix="duet-") as sockets:
        for at in endpoints(sockets):
            server = Server(program, at)
            with server.connect() as one:
                one.sendall(b"one\r\n")
                check(receive(one, 4) == b"one\n", "who hears itself is there")
                other = server.connect()
                other.sendall(b"other\n")
                check(receive(one, 6) == b"other\n" and receive(other, 6) == b"other\n", "both are")
                one.sendall(b"hel")
                one.sendall(b"lo\n\nall\n" + b"x" * 1024 + b"\n")
                for raw in (one, other):
                    check(receive(raw, 12) == b"hello\n\nall\nx" and receive(raw, 1024) == b"x" * 1023 + b"\n", "lines")
                one.sendall(b"y" * 1025 + b"\n")
                try:
                    check(one.recv(1) == b"", "too long a line ends its client")
                except ConnectionResetError:
                    pass  # TCP; UNIX sockets just end
                lost = server.connect()
                lost.sendall(b"cut sho")
                reset(lost)
                other.sendall(b"alone\n")
                check(receive(other, 6) == b"alone\n", "and no other one")
                code, output, errors = server.stop(other)
                check((code, output, errors) == (0, "", ""), "it ends well", code, output, errors)


def case_forwarder(program, _):
    with tempfile.TemporaryDirectory(prefix="duet-") as sockets, socket.create_server(("127.0.0.1", 0)) as target, \
            socket.socket(socket.AF_UNIX) as near:
        path = f"{sockets}/target.sock"
        near.bind(path)
        near.listen()
        tcp = f"tcp://127.0.0.1:{target.getsockname()[1]}"
        for at, to, door in ((f"unix:{sockets}/door.sock", tcp, target), ("tcp://127.0.0.1:0", f"unix:{path}", near)):
            door.settimeout(LIMIT_S)
            server = Server(program, at, to)
            with server.connect() as client:
                accepted, _ = door.accept()
                with accepted:
                    accepted.settimeout(LIMIT_S)
                    client.sendall(b"question")
                    client.shutdown(socket.SHUT_WR)
                    check(receive(accepted, 8) == b"question" and accepted.recv(1) == b"", "the end follows the bytes")
                    accepted.sendall(b"late answer")
                check(receive(client, 11) == b"late answer" and client.recv(1) == b"", "the answer to a half that has ended")
            check(server.process.stdout.readline() == "8 to, 11 from\n", "it counts")
            server.process.send_signal(signal.SIGTERM)
            check(server.end() == (0, "", ""), "it ends well")
        target.close()
        server = Server(program, "tcp://127.0.0.1:0", tcp)
        for _ in range(2):
            with server.connect() as client:
                check(client.recv(1) == b"", "no target, no connection")
        server.process.send_signal(signal.SIGTERM)
        code, output, errors = server.end()
        lines = errors.splitlines()
        check(code == 0 and len(lines) == 2 and all(line.endswith("Connection refused") for line in lines), "refused", errors)


if __name__ == "__main__":
    globals()["case_" + sys.argv[1]](sys.argv[2], sys.argv[3])
