# SPDX-License-Identifier: MIT
# Runs duet-bench's counting pass and checks what is the same each time: calls and allocations a message.
# usage: exact.py CASE PATH_OF_DUET_BENCH
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

from stage import ARMS, LIMIT_S, OWN, TINY, check, run, skip

def check_exact(line):
    """What a server of one connection does for each message, to the call."""
    n, calls = line["messages"], line["calls"]
    if line["arm"] not in ("raw", "limit") or line["tool"] == "":
        return
    wanted = {"recvfrom": n, "sendto": n}
    if line["arm"] == "raw":
        wanted["epoll_wait"] = n
    slack = 0 if line["tool"] == "perf" else 2  # strace cuts through the call during which it comes and goes
    for name, count in wanted.items():
        # The last wait may begin when counting has ended.
        more = slack + (1 if name == "epoll_wait" else 0)
        check(abs(calls.get(name, 0) - count) <= more, f"{line['arm']}: {name}", str(line))
    check(abs(calls["all"] - sum(wanted.values())) <= 1 + 3 * slack, f"{line['arm']}: calls", str(line))


def case_counts(bench, out):
    own = out / "own.py"
    own.write_text(OWN)
    done = run(bench, ["--json", "counts", "--messages", "500", "--filter", "pingpong/tcp/64B/1c/same-core",
                       "--arm", f"mine={sys.executable} {own} 'listening tcp://127.0.0.1:{{port}}'", "--arms",
                       "asio,asio-stock,asio-coro,limit"])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    lines = {line["arm"]: line for line in map(json.loads, done.stdout.splitlines())}
    check(set(lines) == {*ARMS, "mine"} - {"raw'"}, "arms", done.stdout)
    for line in lines.values():
        check(line["schema"] == "duet-bench/1" and line["type"] == "counts", "type", done.stdout)
        if line["tool"] == "":
            check(line["not_measured"] != "", "no reason", done.stdout)
            continue
        # An echo is a receive and a send at least, whatever the calls are named.
        check(line["calls"]["all"] >= 2 * line["messages"], "too few calls", done.stdout)
        check_exact(line)
    for arm in ("raw", "asio", "limit"):
        check(lines[arm]["allocations"] == 0, f"{arm} allocates", done.stdout)
    # It makes an object of 64 KiB for every receive: the counter counts.
    check(lines["mine"]["allocations"] >= lines["mine"]["messages"], "nothing is counted", done.stdout)


def case_unmounted(bench, out):
    """Where nobody has mounted the list of tracepoints, the first arm's calls have names all the same."""
    alone = ["unshare", "-m", "sh", "-c", "umount -a -t tracefs,debugfs; exec \"$@\"", "sh"]
    if shutil.which("perf") is None or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode != 0:
        skip("no perf, or nothing may be unmounted here")
    done = subprocess.run([*alone, bench, "--json", "counts", "--messages", "200", "--arms", "limit", "--filter",
                           "pingpong/unix/64B/1c/same-core"], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if lines[0]["tool"] != "perf":
        skip("perf may not count here")
    for line in lines:
        check_exact(line)


def case_instructions(bench, out):
    if shutil.which("valgrind") is None:
        skip("valgrind is not installed")
    done = run(bench, ["--json", "counts", "--messages", "100", "--instructions", "--arms", "limit", "--filter",
                       "pingpong/unix/64B/1c/same-core"])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    lines = {line["arm"]: line for line in map(json.loads, done.stdout.splitlines())}
    figures = {arm: line["instructions_per_message"] for arm, line in lines.items()}
    check(None not in figures.values(), "not counted", done.stdout + done.stderr)
    check(10 < figures["limit"] < figures["raw"], "more than the limit", str(figures))


def case_ladder(bench, out):
    tiny = ["ladder", "--blocks", "1", "--squares", "1", "--slot", "4ms", "--warm-up", "1ms", "--messages", "200"]
    done = run(bench, ["--json", *tiny])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    start, ladder = map(json.loads, done.stdout.splitlines())
    check(start["type"] == "start" and ladder["type"] == "ladder", "types", done.stdout)
    order = ["limit", "raw", "asio", "asio-stock", "asio-coro"]
    check([rung["counts"]["arm"] for rung in ladder["rungs"]] == order, "rungs", done.stdout)
    check([(step["from"], step["to"]) for step in ladder["steps"]] == list(zip(order, order[1:])), "steps", done.stdout)
    check(all(step["sentence"] != "" for step in ladder["steps"]), "sentences", done.stdout)
    if ladder["rungs"][0]["counts"]["tool"] == "perf":
        check("+1.00 epoll_wait" in ladder["steps"][0]["sentence"], "limit to raw is a wait", done.stdout)
    done = run(bench, ["ladder", "--filter", "echo"])
    check(done.returncode == 2 and "one cell" in done.stderr, f"exit {done.returncode}", done.stderr)


def calls_a_datagram(bench, cell):
    """By arm; the cell is counted while the server always finds the next datagrams."""
    done = run(bench, ["--json", "counts", "--messages", "6400", "--filter", cell])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    check({line["id"] for line in lines} == {cell}, "cells", done.stdout)
    if any(line["tool"] == "" for line in lines):
        print("SKIPPED: " + lines[0]["not_measured"])
        sys.exit(77)
    return {line["arm"]: line["calls"]["all"] / line["messages"] for line in lines}


def case_framed(bench, out):
    """The arms of frames answer whole ones, and many with few calls."""
    for arm in ("raw", "asio"):
        server = subprocess.Popen([pathlib.Path(bench).parent / f"duet-arm-{arm}", "--listen=tcp://127.0.0.1:0", "--framed"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            port = int(server.stdout.readline().rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S) as client:
                client.sendall(b"\0\0\0\3abc\0\0\0\5wh")
                check(client.recv(100) == b"\0\0\0\3abc", arm + ": one that is not whole is answered")
                client.sendall(b"ole\0\0\0\0")
                check(client.recv(9, socket.MSG_WAITALL) == b"\0\0\0\5whole", arm + ": the whole one")
                check(client.recv(4, socket.MSG_WAITALL) == b"\0\0\0\0", arm + ": the empty one")
        finally:
            server.terminate()
            server.wait()
    done = run(bench, ["counts", "--filter", "framed/tcp/64B/64c", "--arms", "raw,asio", "--messages", "20000", "--json"])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    lines = {line["arm"]: line for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "counts"}
    for arm in ("raw", "asio"):
        if arm in lines and lines[arm]["tool"] != "":
            check(lines[arm]["calls"]["all"] < 0.2 * lines[arm]["messages"], arm + ": calls a message", done.stdout)


def case_datagram(bench, out):
    for shape in ("echo/batch64/none", "one-way/batch64/none", "echo/batch64/metadata", "echo/batch64/segments"):
        calls = calls_a_datagram(bench, "datagram/udp/64B/" + shape)
        print(shape, calls)
        check(set(calls) == set(ARMS) - {"raw'"}, "arms", str(calls))
        # Batches of 64: three calls each on POSIX, four on Asio. Alone Asio makes at least two a datagram.
        check(calls["raw"] <= 0.1 and calls["asio"] <= 0.1, "batches are not full: " + shape, str(calls))
        check(calls["asio-stock"] >= 2, "one a call", str(calls))
    for cell in ("datagram/unixgram/64B/echo/batch64", "datagram/udp/1400B/one-way/batch1"):
        done = run(bench, ["--json", *TINY[:1], *TINY[2:], "--filter", cell, "--out", out / cell.replace("/", "-")])
        check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
        line = json.loads(done.stdout.splitlines()[1])
        check(line["transport"] == cell.split("/")[1] and line["failure"] == "", "cell", done.stdout)
        for arm in ARMS:
            check(line["summary"]["arms"][arm]["cpu_ns_per_message"]["figure"] > 0, "no CPU time of " + arm, done.stdout)


with tempfile.TemporaryDirectory(prefix="duet-bench-") as folder:
    globals()["case_" + sys.argv[1].replace("-", "_")](sys.argv[2], pathlib.Path(folder))
