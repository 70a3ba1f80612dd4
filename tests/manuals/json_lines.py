# SPDX-License-Identifier: MIT
"""The programs made to print every JSON line that they know: (command, object) pairs from real runs."""
import contextlib
import json
import os
import resource
import select
import signal
import socket
import subprocess
import threading

LIMIT_S = 30


class Failed(Exception):
    pass


def objects(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Runs:
    """Runs of the programs in one folder, with one backend; what they printed gathers in `seen`."""

    def __init__(self, folder, backend, scratch):
        self.folder, self.backend, self.scratch, self.seen = folder, backend, scratch, []

    def add(self, command, text):
        self.seen += [(command, each) for each in objects(text)]

    def run(self, command, *arguments, text=""):
        """`command`: "duet-echo ping", as the page calls it."""
        program, *words = command.split()
        done = subprocess.run([f"{self.folder}/{program}", *words, "--json", "--backend", self.backend, *arguments],
                              input=text, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        self.add(command, done.stdout + done.stderr)
        return done

    def server(self, *arguments):
        return Server(self, arguments)


class Server:
    """duet-echo serve, until the end of the block."""

    def __init__(self, runs, arguments):
        self.runs, self.lines, self.known = runs, [], threading.Condition()
        self.process = subprocess.Popen(
            [f"{runs.folder}/duet-echo", "serve", "--json", "--backend", runs.backend, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        threading.Thread(target=self.read, daemon=True).start()
        self.at = self.wait("listening")["endpoint"]

    def read(self):
        for line in self.process.stdout:
            with self.known:
                self.lines.append(line)
                self.known.notify_all()

    def wait(self, event, number=1):
        """The number-th line of an event, as soon as it is there."""
        def found():
            return [each for each in objects("".join(self.lines)) if each["event"] == event]

        with self.known:
            if not self.known.wait_for(lambda: len(found()) >= number, LIMIT_S):
                raise Failed(f"no line '{event}' from {self.process.args}: {self.lines[-5:]}")
            return found()[number - 1]

    def connect(self):
        host, port = self.at.removeprefix("tcp://").rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=LIMIT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LIMIT_S)
        self.wait("summary")
        self.runs.add("duet-echo serve", "".join(self.lines))


class Peer:
    """A UDP or TCP server of the test on a thread: `answer(socket, bytes, address)` says what comes back."""

    def __init__(self, kind, answer):
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.bind(("127.0.0.1", 0))
        self.tcp = kind == socket.SOCK_STREAM
        if self.tcp:
            self.socket.listen()
        self.at = ("tcp://" if self.tcp else "udp://") + "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.answer = answer
        self.over_read, self.over = os.pipe()
        self.thread = threading.Thread(target=self.serve)

    def serve(self):
        peer = self.socket
        while True:
            ready, _, _ = select.select([peer, self.over_read], [], [])
            if self.over_read in ready:
                return
            if self.tcp and peer is self.socket:
                peer = self.socket.accept()[0]
                continue
            data, address = peer.recvfrom(65536)
            if not data and self.tcp:
                return
            self.answer(peer, data, address)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.write(self.over, b"x")
        self.thread.join()
        os.close(self.over)
        os.close(self.over_read)
        self.socket.close()


def serve_streams(runs):
    with runs.server("--metrics", "tcp://127.0.0.1:0", "--max-per-address", "1", "tcp://127.0.0.1:0") as server:
        server.wait("metrics")
        runs.run("duet-echo send", server.at, text="hello\n")
        runs.run("duet-echo ping", "-c", "2", "-i", "0", server.at)
        with server.connect() as held:
            held.sendall(b"x")
            held.recv(1)
            with contextlib.suppress(ConnectionResetError):
                server.connect().close()
            server.wait("refused")
            server.process.send_signal(signal.SIGUSR1)
            server.wait("counters")
    with runs.server("--idle-timeout", "20ms", "tcp://127.0.0.1:0") as server, server.connect():
        server.wait("closed")


def serve_without_descriptors(runs):
    with runs.server("tcp://127.0.0.1:0") as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (32, 32))
        clients = [server.connect() for _ in range(64)]
        server.wait("accept paused")
        for each in clients:
            each.close()


def serve_by_workers(runs):
    with runs.server("--model", "prefork", "--workers", "1", "tcp://127.0.0.1:0") as server:
        server.wait("workers", 3)
        runs.run("duet-echo send", server.at, text="hello\n")


def serve_datagrams(runs):
    path = f"{runs.scratch}/{runs.backend}.sock"
    with runs.server(f"unixgram:{path}") as server:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nameless:
            nameless.sendto(b"who am I", path)
        server.wait("not answered")
        runs.run("duet-echo send", f"unixgram:{path}", text="hello\n")
        runs.run("duet-echo ping", "-c", "2", "-i", "0", f"unixgram:{path}")


def ping_bad_peers(runs):
    def upside_down(peer, data, _):
        peer.sendall(bytes(255 - each for each in data))

    with Peer(socket.SOCK_STREAM, upside_down) as peer:
        runs.run("duet-echo ping", "-c", "1", peer.at)

    def damaged(peer, data, address):
        peer.sendto(data[:-1] + bytes([255 - data[-1]]), address)

    with Peer(socket.SOCK_DGRAM, damaged) as peer:
        runs.run("duet-echo ping", "-c", "1", "-W", "50ms", peer.at)

    held = []

    def in_disorder(peer, data, address):
        """The first comes late, behind the second and the third, which comes twice; the fourth never."""
        held.append(data)
        if len(held) == 3:
            for each in (held[1], held[2], held[2], held[0]):
                peer.sendto(each, address)

    with Peer(socket.SOCK_DGRAM, in_disorder) as peer:
        runs.run("duet-echo ping", "-c", "4", "-i", "1ms", "-W", "2s", peer.at)

    waiting = []

    def too_late(peer, data, address):
        """Each when the next one is there: it was given up by then."""
        waiting.append(data)
        if len(waiting) > 1:
            peer.sendto(waiting.pop(0), address)

    with Peer(socket.SOCK_DGRAM, too_late) as peer:
        runs.run("duet-echo ping", "-c", "3", "-i", "100ms", "-W", "10ms", peer.at)


def connects(runs):
    with runs.server("tcp://127.0.0.1:0") as server:
        port = server.at.rsplit(":", 1)[1]
        runs.run("duet-echo connect", f"tcp://localhost:{port}", server.at)
    runs.run("duet-echo connect", server.at)


def resolves(runs):
    resolve = runs.run
    resolve("duet-resolve", "localhost", "127.0.0.1", "bad..name", "--time", "--verify")
    resolve("duet-resolve", "localhost", "--service", "7")
    resolve("duet-resolve", "-4", "::1", "--time")
    resolve("duet-resolve address", "127.1", "10.1.2.3", "fe80::1%lo", "::1", "nonsense")
    resolve("duet-resolve address", "--classes")


def all_lines(folder, backend, scratch):
    runs = Runs(folder, backend, scratch)
    for each in (serve_streams, serve_without_descriptors, serve_by_workers, serve_datagrams, ping_bad_peers, connects, resolves):
        each(runs)
    return runs.seen
