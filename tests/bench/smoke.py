# SPDX-License-Identifier: MIT
# Runs duet-bench on one block of tiny slots and checks the form of what it prints and leaves, never its speed.
# usage: smoke.py CASE PATH_OF_DUET_BENCH
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from stage import ARMS, LIMIT_S, OWN, TINY, cells_of, check, result_of, run, skip

LONG = ["run", "--filter", "pingpong/tcp/64B/1c/same-core", "--blocks", "200", "--squares", "20", "--slot", "20ms", "--warm-up", "1ms",
        "--no-counts"]


def check_document(out, complete=True):
    document = json.loads((out / "result.json").read_text())
    check(document["schema"] == "duet-bench/1", "schema")
    check(document["complete"] is complete, "complete")
    for key in ("kernel", "cpu_model", "compiler", "flags", "asio_version", "revision", "default_congestion_control",
                "load_before", "load_after", "steal_ns"):
        check(key in document["environment"], f"environment lacks {key}")
    check([arm["name"] for arm in document["arms"]] == ARMS, "arms")
    check(document["plan"]["seed"] is not None, "seed")
    return document


def check_cell(cell):
    check(cell["failure"] == "", "failure: " + cell["failure"])
    check(cell["loader_congestion_control"] != "", "congestion control")
    rounds = cell["blocks"][0]["rounds"]
    check(len(rounds) == len(ARMS), "a square has as many rounds as arms")
    for turn in range(len(ARMS)):
        check({r["slots"][turn]["arm"] for r in rounds} == set(ARMS), "every arm has every turn")
    for slot in (s for r in rounds for s in r["slots"]):
        check(slot["messages"] > 0 and slot["elapsed_ns"] > 0, "an empty slot")
    for arm in ARMS:
        check(cell["summary"]["arms"][arm]["messages_per_s"]["figure"] > 0, "no throughput of " + arm)


def case_text(bench, out):
    done = run(bench, [*TINY, "--out", out])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    for wanted in ("Environment", "kernel ", "compiler ", "revision ", "seed 1", "pingpong  tcp", "echo  tcp",
                   "against raw", "insufficient", "noise floor", str(out / "result.json")):
        check(wanted in done.stdout, f"no {wanted!r}", done.stdout)
    check("\x1b" not in done.stdout + done.stderr, "colours or progress without a terminal", done.stdout)
    for arm in ARMS:
        check(re.search(rf"^  {re.escape(arm)} +\d", done.stdout, re.M), f"no line of {arm}", done.stdout)
    document = check_document(out)
    for cell in document["cells"]:
        if not cell["skipped"]:
            check_cell(cell)


def case_json(bench, out):
    done = run(bench, ["--json", *TINY, "--arms", "asio", "--out", out,
                      "--filter", "pingpong/tcp/64B/1c/same-core"])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    check([line["type"] for line in lines] == ["start", "cell", "end"], "types", done.stdout)
    check({line["schema"] for line in lines} == {"duet-bench/1"}, "schema", done.stdout)
    check(list(lines[1]["summary"]["arms"]) == ["asio", "raw", "raw'"], "arms", done.stdout)
    check(lines[2]["complete"] is True and pathlib.Path(lines[2]["result"]).is_file(), "end", done.stdout)
    listed = run(bench, ["list", "--json"])
    check(listed.returncode == 0, "list")
    check({json.loads(line)["type"] for line in listed.stdout.splitlines()} == {"cell", "arm"}, "list", listed.stdout)


SHAPES = ["pingpong/unix/16384B/1c/same-core", "pingpong/udp/16384B/1c/same-core", "pingpong/tcp/64B/1c/spin",
          "pingpong/udp/64B/1c/spin", "echo/unix/1024B/16c/split", "echo/tcp/64B/16c/depth32/split",
          "echo/unix/64B/4096c/410active/split", "openloop/tcp/64B/64c/load20/split", "bulk/tcp/65536B/4c/one-way/split",
          "bulk/unix/65536B/1c/both-ways/split", "accept/tcp/1B/1c/same-core", "accept/unix/1B/32c/split",
          "framed/unix/64B/1c/depth32/split", "datagram/udp/64B/16c/echo/batch64/none",
          "datagram/unixgram/64B/16c/one-way/batch1/none"]


def case_shapes(bench, out):
    """One tiny block of every kind of traffic: all arms move messages, and nothing breaks off."""
    wanted = [part for shape in SHAPES for part in ("--filter", shape)]
    done = run(bench, ["--json", *TINY[:1], *TINY[2:], *wanted, "--out", out])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    cells = {line["id"]: line for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "cell"}
    check(set(cells) == set(SHAPES), "cells", str(list(cells)))
    for shape, cell in cells.items():
        if cell["skipped"]:  # one CPU, or few descriptors
            check(cell["failure"] != "", "skipped without a reason: " + shape)
            continue
        check(cell["failure"] == "", shape + ": " + cell["failure"])
        check((cell["rate_per_s"] is not None) == shape.startswith("openloop"), "rate of " + shape, str(cell["rate_per_s"]))
        for arm in ARMS:
            check(cell["summary"]["arms"][arm]["messages_per_s"]["figure"] > 0, f"{shape}: {arm} moved nothing")


def case_fork(bench, out):
    """The scenario fork has arms of its own, whose children's CPU time is counted."""
    # A process takes its time: a slot of a few milliseconds may end before the first one has answered.
    done = run(bench, ["--json", "run", "--filter", "fork/tcp/64B/32c", "--blocks", "1", "--squares", "1", "--slot", "30ms",
                       "--warm-up", "2ms", "--seed", "1", "--out", out])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    cells = {line["id"]: line for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "cell"}
    check(set(cells) == {"fork/tcp/64B/32c/arrivals/split", "fork/tcp/64B/32c/echo/split"}, "cells", str(list(cells)))
    for name, cell in cells.items():
        if cell["skipped"]:
            continue
        check(cell["failure"] == "", name + ": " + cell["failure"])
        arms = cell["summary"]["arms"]
        check(set(arms) == {"raw", "raw'", "asio", "fork", "fork-asio", "prefork", "prefork-asio"}, "arms", str(list(arms)))
        for arm, figures in arms.items():
            check(figures["messages_per_s"]["figure"] > 0, f"{name}: {arm} moved nothing")
            if "echo" in name:  # their parents sleep; of those that are gone there may be no tick yet
                check((figures["cpu_ns_per_message"]["figure"] or 0) > 0, f"{name}: {arm} took no time")


def case_own_arm(bench, out):
    script = out / "own.py"
    script.write_text(OWN)

    def run_with(line, *more):
        command = f"mine={sys.executable} {script} '{line}'"
        return run(bench, ["--json", *TINY[:1], *TINY[2:], "--filter", "pingpong/tcp/64B/1c/same-core", "--arms", "asio",
                           "--arm", command, *more, "--out", tempfile.mkdtemp(dir=out)])

    done = run_with("listening tcp://127.0.0.1:{port}")
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    cell = json.loads(done.stdout.splitlines()[1])
    check(cell["summary"]["arms"]["mine"]["messages_per_s"]["figure"] > 0, "own arm", done.stdout)
    for line, words in (("hello", "hello"), ("listening unix:@x", "this cell is of tcp"), ("listening what", "arm mine: ")):
        done = run_with(line)
        check(done.returncode == 1, f"{line}: exit {done.returncode}", done.stdout + done.stderr)
        check(words in json.loads(done.stdout.splitlines()[1])["failure"], "not told", done.stdout + done.stderr)
    done = run_with("listening tcp://127.0.0.1:{port}", "--filter", "pingpong/tcp/64B/1c/spin")
    cells = {line["id"]: line for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "cell"}
    check(cells["pingpong/tcp/64B/1c/spin"]["failure"] == "arm mine does not spin", "not skipped", done.stdout)
    done = run(bench, ["run", "--quick", "--arm", "raw=true"])
    check(done.returncode == 2 and "raw is an arm already" in done.stderr, f"exit {done.returncode}", done.stderr)


def case_optional_arms(bench, out):
    """The arms on io_uring and the peers: those that are built take part, the others are named as missing."""
    folder = pathlib.Path(bench).parent
    programs = {"uring": "asio-uring", "uring-stock": "asio-stock-uring", "uring-coro": "asio-coro-uring",
                "libuv": "libuv", "libevent": "libevent", "boost-asio": "boost-asio", "go": "go", "node": "node"}
    cells = ["pingpong/tcp/64B/1c/same-core", "echo/unix/1024B/16c/split", "bulk/tcp/65536B/4c/both-ways/split"]
    done = run(bench, ["--json", *TINY[:1], *TINY[2:], "--peers", "--arms", "uring,uring-stock,uring-coro", "--out", out,
                       *[part for cell in cells for part in ("--filter", cell)]])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    lines = [line for line in map(json.loads, done.stdout.splitlines()) if line["type"] == "cell"]
    check([line["id"] for line in lines] == cells, "cells", done.stdout)
    for arm, program in programs.items():
        if not (folder / f"duet-arm-{program}").exists():
            check(f"arm {arm}: left out, duet-arm-{program} is not built" in done.stderr, "not told", done.stderr)
            continue
        for line in (line for line in lines if not line["skipped"]):
            check(line["summary"]["arms"][arm]["messages_per_s"]["figure"] > 0, f"{arm} moved nothing", str(line))


# Stands for iperf3 or sockperf: {ready} as a server, else the output of a real one. Each start leaves a line in {log}.
STAND_IN = """#!/bin/sh
echo "$0 $*" >>{log}
case "$*" in *server*) echo '{ready}'; exec /bin/sleep 60 ;; esac
exec /bin/cat {output}
"""
SANITY = ["bulk/tcp/65536B/1c/one-way/split", "pingpong/udp/64B/1c/same-core"]
OUTPUTS = pathlib.Path(__file__).resolve().parent / "outputs"


def stand_ins(folder):
    """The two tools as scripts. @return the file with their command lines"""
    folder.mkdir()
    log = folder / "log"
    for name, ready, output in (("iperf3", "Server listening on 1 (test #1)", "iperf3.json"),
                                ("sockperf", "sockperf: [tid 1] using recvfrom()", "sockperf_round_trip.txt")):
        (folder / name).write_text(STAND_IN.format(log=log, ready=ready, output=OUTPUTS / output))
        (folder / name).chmod(0o755)
    return log


def run_sanity(bench, out, path, wanted=SANITY, slot="4ms"):
    """The peers' pass over cells that only raw can do. @return the run, its cells by id"""
    filters = [part for name in wanted for part in ("--filter", name)]
    tiny = [slot if part == "4ms" else part for part in (*TINY[:1], *TINY[2:])]
    done = run(bench, [*tiny, "--peers", *filters, "--out", out], env=os.environ | {"PATH": path})
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    return done, {cell["id"]: cell for cell in result_of(out)["cells"]}


def case_sanity(bench, out):
    """Lines of iperf3 and sockperf below raw's table, kept for a run that is resumed; a missing tool is named once."""
    log = stand_ins(out / "bin")
    done, cells = run_sanity(bench, out / "run", str(out / "bin"))
    measured = {name: cell for name, cell in cells.items() if not cell["skipped"]}  # one CPU skips bulk
    check("pingpong/udp/64B/1c/same-core" in measured, "nothing was measured", done.stdout)
    for name, cell in measured.items():
        line, = cell["sanity"]
        tool, figure = ("iperf3", 26397727740.080193) if name.startswith("bulk") else ("sockperf", 16925)
        check((line["tool"], line["not_measured"]) == (tool, ""), "line", str(line))
        check(abs(line["figure"] - figure) < 1, "figure", str(line))
        check(cell["summary"]["arms"]["raw"]["messages_per_s"]["figure"] > 0, "raw", name)
        check(any("without the peers" in note for note in cell["notes"]), "not said", str(cell["notes"]))
        check(f"  sanity: {tool} {line['version']}: {line['text']}" in done.stdout, "not printed", done.stdout)
        for page in ("summary.md", "report.html"):
            check(f"sanity: {tool} {line['version']}: {line['text']}" in (out / "run" / page).read_text(), page)
    started = log.read_text()
    check(len(started.splitlines()) == 2 * len(measured), "a server and a client each", started)
    again = run(bench, ["run", "--resume", out / "run"], env=os.environ | {"PATH": str(out / "bin")})
    check(again.returncode == 0, f"exit {again.returncode}", again.stderr)
    check(log.read_text() == started, "measured again", log.read_text())
    check({cell["id"]: cell.get("sanity") for cell in result_of(out / "run")["cells"]} ==
          {name: cell.get("sanity") for name, cell in cells.items()}, "the lines are lost")
    two = ["pingpong/udp/64B/1c/same-core", "pingpong/udp/1024B/1c/same-core"]
    done, cells = run_sanity(bench, out / "without", str(out / "empty"), two)
    check(done.stderr.count("sockperf: not installed (Debian: sockperf); no sanity lines of it") == 1, "not told once",
          done.stderr)
    check("  sanity: " not in done.stdout, "told again", done.stdout)
    for cell in cells.values():
        line, = cell["sanity"]
        check(line["figure"] is None and line["not_measured"].startswith("not installed"), "reason", str(line))
    # One that fails is told, and is tried again by a run that goes on.
    (out / "bin/sockperf").write_text("#!/bin/sh\ncase $1 in server) echo '[tid 1]'; exec /bin/sleep 60 ;; esac\n"
                                      "echo 'sockperf: ERROR: made up'\n")
    done, cells = run_sanity(bench, out / "failed", str(out / "bin"), two[:1])
    check("  sanity: sockperf: not measured: made up" in done.stdout, "reason", done.stdout)
    stand_ins(out / "whole")
    again = run(bench, ["run", "--resume", out / "failed"], env=os.environ | {"PATH": str(out / "whole")})
    check(again.returncode == 0 and result_of(out / "failed")["cells"][0]["sanity"][0]["figure"], "not tried again",
          again.stdout + again.stderr)


def case_sanity_tools(bench, out):
    """The real tools, as far as they are installed: a figure above nothing, and nobody left behind."""
    wanted = [cell for cell, tool in zip(SANITY, ("iperf3", "sockperf")) if shutil.which(tool)]
    if not wanted:
        skip("neither iperf3 nor sockperf is installed (tools/bench --peers installs them)")
    # On a busy machine a slot of a few milliseconds may end before raw's first message is back, and raw has no figure then.
    _, cells = run_sanity(bench, out / "run", os.environ["PATH"], wanted, slot="30ms")
    for name, cell in cells.items():
        if cell["skipped"]:
            continue
        line, = cell["sanity"]
        check(line["not_measured"] == "" and line["figure"] > 0 and line["raw"] > 0, name, str(line))
        check(line["version"] != "", "version", str(line))


def case_resolve(bench, out):
    tiny = ["resolve", "--names", "8", "--delay", "5ms", "--pools", "1,4", "--rounds", "1", "--seed", "1"]
    done = run(bench, ["--json", *tiny])
    if "not measured" in done.stderr:
        skip(done.stderr)
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    check({line["schema"] for line in lines} == {"duet-bench/1"}, "schema", done.stdout)
    check([line["type"] for line in lines] == ["start"] + 5 * ["resolve"], "types", done.stdout)
    figures = lines[1:]
    check([(line["arm"], line["threads"]) for line in figures] ==
          [("asio-stock", 1), ("asio", 1), ("raw", 1), ("asio", 4), ("raw", 4)], "arms", done.stdout)
    # No speed, but what cannot be: less than the server takes to tell.
    check(all(line["times_ideal"] >= 1 for line in figures), "faster than possible", done.stdout)
    text = run(bench, tiny)
    check(text.returncode == 0, f"exit {text.returncode}", text.stdout + text.stderr)
    for wanted in ("asio-stock", "x faster", "seed 1", "8 names at once"):
        check(wanted in text.stdout, f"no {wanted!r}", text.stdout)


def case_idle(bench, out):
    tiny = ["idle", "--connections", "300"]
    done = run(bench, ["--json", *tiny])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    check([line["type"] for line in lines] == ["start"] + 8 * ["idle"], "types", done.stdout)
    check([(line["arm"], line["transport"]) for line in lines[1:]] ==
          [(arm, transport) for arm in ("raw", "asio", "asio-stock", "asio-coro") for transport in ("tcp", "unix")],
          "arms", done.stdout)
    check(all(line["readings"][-1]["connections"] == 300 for line in lines[1:]), "readings", done.stdout)
    text = run(bench, tiny)
    check(text.returncode == 0 and "user B each" in text.stdout, f"exit {text.returncode}", text.stdout + text.stderr)


def children_of(pid):
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def is_ready(pid):
    """The whole crew stands: every arm and the loader have become their programs."""
    names = []
    for child in children_of(pid):
        try:
            names.append(pathlib.Path(f"/proc/{child}/comm").read_text().strip())
        except OSError:
            return False
    return len(names) == len(ARMS) + 1 and names[-1] == "duet-bench-load"


def start_long(bench, out):
    """A run that is under way, with all its children."""
    if not pathlib.Path("/proc/self/task").joinpath(str(os.getpid()), "children").exists():
        skip("this kernel does not list the children of a process")
    process = subprocess.Popen([bench, *LONG, "--out", out], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    while not is_ready(process.pid):
        check(process.poll() is None, "ended early", process.stderr.read() if process.poll() is not None else "")
    return process, children_of(process.pid)


def case_interrupt(bench, out):
    process, children = start_long(bench, out)
    process.send_signal(signal.SIGINT)
    text, errors = process.communicate(timeout=LIMIT_S)
    check(process.returncode == -signal.SIGINT, f"exit {process.returncode}", text + errors)
    left = [pid for pid in children if pathlib.Path(f"/proc/{pid}").exists()]
    check(not left, f"left behind: {left}")
    check(f"interrupted; the finished blocks are kept, duet-bench run --resume {out} goes on" in errors, "not told", errors)
    check_document(out, complete=False)


def case_killed_arm(bench, out):
    process, children = start_long(bench, out)
    os.kill(children[2], signal.SIGKILL)  # the third arm
    text, errors = process.communicate(timeout=LIMIT_S)
    check(process.returncode == 1, f"exit {process.returncode}", text + errors)
    check("arm asio" in text, "the killed arm is not named", text + errors)
    check_document(out, complete=False)
    left = [pid for pid in children if pathlib.Path(f"/proc/{pid}").exists()]
    check(not left, f"left behind: {left}")


def case_one_cpu(bench, out):
    cpu = max(os.sched_getaffinity(0))
    done = run(bench, [*TINY, "--out", out], preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    check("skipped: server and loader need a CPU each" in done.stdout, "not told", done.stdout)
    cells = cells_of(out)
    check(cells["echo"]["skipped"], "echo ran")
    check_cell(cells["pingpong"])
    check(cells["pingpong"]["placement"]["server_cpu"] == cpu, "placement")


def case_usage(bench, out):
    for arguments in ([], ["run", "--arms", "nobody"], ["run", "--filter", "nothing"], ["run", "--cpus", "0,4095"],
                      ["run", "--blocks", "many"]):
        done = run(bench, arguments)
        check(done.returncode == 2, f"{arguments}: exit {done.returncode}", done.stdout + done.stderr)
        check(done.stdout == "" and done.stderr != "", f"{arguments}: where", done.stdout)
    done = run(bench, [*TINY, "--out", "/proc/nowhere"])
    check(done.returncode == 1 and "/proc/nowhere" in done.stderr, "unwritable folder", done.stdout + done.stderr)


with tempfile.TemporaryDirectory(prefix="duet-bench-") as folder:
    globals()["case_" + sys.argv[1].replace("-", "_")](sys.argv[2], pathlib.Path(folder))
