# SPDX-License-Identifier: MIT
# What duet-bench leaves behind, is taken up again with, and makes of results; and what it says where something fails.
# usage: results.py CASE PATH_OF_DUET_BENCH
import csv
import fcntl
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios

from stage import LIMIT_S, TINY, cells_of, check, own_programs, python_with, refuse, result_of, run, skip

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "benchmarks/report/result.schema.json"
CHART_JS = os.environ.get("DUET_CHART_JS", "/usr/share/javascript/chart.js/chart.min.js")
CELL = ["run", "--filter", "pingpong/tcp/64B/1c/same-core", "--arms", "asio", *TINY[4:]]
ONE_CELL = [*CELL, "--blocks", "1"]
VALIDATE = """
import json, jsonschema, sys
schema, result = (json.load(open(path)) for path in sys.argv[1:])
jsonschema.Draft202012Validator.check_schema(schema)
errors = [f"{list(e.absolute_path)}: {e.message}" for e in jsonschema.Draft202012Validator(schema).iter_errors(result)]
sys.exit("\\n".join(errors[:5]) or 0)
"""


def measured(bench, out, arguments=ONE_CELL, **more):
    done = run(bench, [*arguments, "--out", out], **more)
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    return done


def case_schema(bench, out):
    python = python_with("jsonschema")
    if not python:
        skip("no Python module jsonschema (Debian: python3-jsonschema)")
    measured(bench, out, TINY)
    def validate():
        return subprocess.run([python, "-c", VALIDATE, SCHEMA, out / "result.json"], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
    done = validate()
    check(done.returncode == 0, "not as the schema has it", done.stderr)
    document = result_of(out)
    del document["cells"][0]["blocks"][0]["rounds"][0]["slots"][0]["arm"]
    (out / "result.json").write_text(json.dumps(document))
    check("'arm' is a required property" in validate().stderr, "the schema takes anything")


def orders(out):
    return [[slot["arm"] for slot in turn["slots"]]
            for cell in result_of(out)["cells"] for block in cell["blocks"] for turn in block["rounds"]]


def case_resume(bench, out):
    first, whole = out / "first", out / "whole"
    three = [*CELL, "--blocks", "3"]
    measured(bench, whole, three)
    done = run(bench, [*three, "--stop-after", "1ms", "--out", first])
    check(done.returncode == 8, f"exit {done.returncode}", done.stdout + done.stderr)
    check(f"duet-bench run --resume {first} goes on" in done.stderr, "not told how to resume", done.stderr)
    check(result_of(first)["complete"] is False and len(orders(first)) == 3, "one block of three rounds")
    kept = (first / "blocks.jsonl").read_text()
    with (first / "blocks.jsonl").open("a") as file:
        file.write(kept[:50])  # as a machine that lost its power leaves it
    done = run(bench, ["run", "--resume", first])
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    document = result_of(first)
    check(document["complete"] is True and len(document["resumed"]) == 1, "complete")
    check(not document["cells"][0].get("counts"), "--no-counts is forgotten", str(document["cells"][0].get("counts")))
    check((first / "blocks.jsonl").read_text().startswith(kept), "the first block is not what it was")
    check(len(orders(first)) == 9 and orders(first) == orders(whole), "another order than of a run in one piece")
    refused = run(bench, [*ONE_CELL, "--out", first])
    check(refused.returncode == 2 and "--resume" in refused.stderr, "a run is written over", refused.stderr)
    description = json.loads((first / "run.json").read_text())
    description["environment"]["kernel"] = "Linux 1.0"
    (first / "run.json").write_text(json.dumps(description))
    refused = run(bench, ["run", "--resume", first])
    check(refused.returncode == 2 and 'kernel: "Linux 1.0", now' in refused.stderr, "elsewhere", refused.stderr)
    forced = run(bench, ["run", "--resume", first, "--force", "--blocks", "4"])
    check(forced.returncode == 0 and len(orders(first)) == 12, f"exit {forced.returncode}", forced.stderr)
    for wrong in (["run", "--resume", out / "nowhere"], ["run", "--resume", first, "--quick"], ["run", "--force"]):
        refused = run(bench, wrong)
        check(refused.returncode == 2 and refused.stdout == "" and refused.stderr != "", str(wrong), refused.stderr)


def case_full_disk(bench, out):
    """A file system of 64 KiB, in a mount namespace of its own: what fits is kept, and more room takes it up again."""
    disk = out / "disk"
    disk.mkdir()
    script = f"""
        mount -t tmpfs -o size=64k none {disk} || exit 77
        "$@" --blocks 200 --out {disk}/run
        echo "exit $?"
        grep -c . {disk}/run/blocks.jsonl
        mount -o remount,size=64m {disk}
        blocks=$(($(grep -c . {disk}/run/blocks.jsonl) + 1))
        {bench} run --resume {disk}/run --blocks $blocks >/dev/null
        echo "exit $?"
        cp {disk}/run/result.json {out}
    """
    done = run("unshare", ["-rm", "sh", "-c", script, "sh", bench, *CELL])
    if done.returncode == 77 or "unshare" in done.stderr:
        skip("no file system of one's own: " + done.stderr.strip())
    ends = re.findall(r"^exit (\d+)\n(?:(\d+)$)?", done.stdout, re.M)
    check([end[0] for end in ends] == ["1", "0"], "exits", done.stdout + done.stderr)
    check(f"cannot write {disk}/run/blocks.jsonl: No space left on device" in done.stderr, "not told", done.stderr)
    check(f"duet-bench run --resume {disk}/run goes on" in done.stderr, "not told how to resume", done.stderr)
    kept = int(ends[0][1])
    check(kept >= 1, "nothing was kept", done.stdout)
    document = result_of(out)
    check(document["complete"] and len(document["cells"][0]["blocks"]) == kept + 1, "not taken up again")


def case_port_in_use(bench, out):
    """An arm that cannot bind in one of two cells: that cell fails with the arm's name, the other is whole."""
    own = own_programs(bench, out / "bin")
    arm = out / "bin/duet-arm-asio"
    real = arm.resolve()
    arm.unlink()
    arm.write_text(f"""#!/bin/sh
case "$*" in *--connections=64*) echo "duet-arm-asio: bind: Address already in use" >&2; exit 1 ;; esac
exec {real} "$@"
""")
    arm.chmod(0o755)
    done = run(own, [*TINY, "--arms", "asio", "--out", out / "run"])
    check(done.returncode == 8, f"exit {done.returncode}", done.stdout + done.stderr)
    cells = cells_of(out / "run")
    check(cells["pingpong"]["failure"] == "" and len(cells["pingpong"]["blocks"]) == 1, "the other cell")
    check("arm asio" in cells["echo"]["failure"], "the arm is not named", cells["echo"]["failure"])
    check("Address already in use" in done.stderr, "why", done.stderr)
    check(result_of(out / "run")["complete"] is False, "complete")


def case_missing_arm(bench, out):
    own = own_programs(bench, out / "bin")
    (out / "bin/duet-arm-asio-stock").unlink()
    done = measured(own, out / "run", [*TINY, "--arms", "asio,asio-stock"])
    check("arm asio-stock: left out" in done.stderr, "not told", done.stderr)
    check([arm["name"] for arm in result_of(out / "run")["arms"]] == ["raw", "raw'", "asio"], "arms")
    (out / "bin/duet-arm-raw").unlink()
    done = run(own, [*TINY, "--out", out / "none"])
    check(done.returncode == 1 and "duet-arm-raw is missing" in done.stderr, "reference", done.stdout + done.stderr)


def case_pinning_refused(bench, out):
    done = measured(bench, out, preexec_fn=refuse("sched_setaffinity"))
    check("pinning to CPU" in done.stdout and "was refused" in done.stdout, "not told", done.stdout)
    document = result_of(out)
    check(document["cells"][0]["placement"]["pinned"] is False, "pinned")
    check(any("was refused" in note for note in document["cells"][0]["notes"]), "no note")
    probe = document["environment"]["probes"]["pipe_round_trip_one_cpu_ns"]
    check(str(probe).startswith("not measured: pinning"), "probe", str(probe))


def case_tracing_refused(bench, out):
    done = run(bench, ["--json", "counts", "--messages", "100", "--filter", "pingpong/tcp/64B"],
               preexec_fn=refuse("ptrace", "perf_event_open"))
    check(done.returncode == 0, f"exit {done.returncode}", done.stdout + done.stderr)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    check(lines and all(line["not_measured"] != "" for line in lines), "no reason", done.stdout)


def case_without_library(bench, out):
    """The charts' library is missing: said in words, everything else is there; report draws them later."""
    done = measured(bench, out, env=os.environ | {"DUET_CHART_JS": "/nowhere/chart.js"})
    check("without charts: Chart.js was not found at /nowhere/chart.js" in done.stderr, "not told", done.stderr)
    page = (out / "report.html").read_text()
    check("This page is without charts" in page and "<script" not in page, "page")
    rows = list(csv.DictReader((out / "rounds.csv").open()))
    check(len(rows) == 9 and {row["arm"] for row in rows} == {"raw", "raw'", "asio"}, "rounds.csv", str(rows))
    check(len(list(csv.DictReader((out / "compare.csv").open()))) == 6, "compare.csv")
    check("| asio |" in (out / "summary.md").read_text(), "summary.md")
    check(len(list((out / "hgrm").glob("*.hgrm"))) == 3, "hgrm")
    library = out / "library.js"
    library.write_text("window.library = true;")
    again = run(bench, ["report", out / "result.json", "--out", out / "again"],
                env=os.environ | {"DUET_CHART_JS": str(library)})
    check(again.returncode == 0, f"exit {again.returncode}", again.stderr)
    check("window.library = true;" in (out / "again/report.html").read_text(), "library")
    check((out / "again/rounds.csv").read_bytes() == (out / "rounds.csv").read_bytes(), "rounds.csv differs")
    for wrong in (out / "nowhere", out / "rounds.csv"):
        refused = run(bench, ["report", wrong])
        check(refused.returncode == 2 and str(wrong) in refused.stderr, str(wrong), refused.stderr)


def open_page(browser, page, out, dark):
    """The page after its script has run. @return document, messages of the console"""
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr",
         f"--user-data-dir={out}/profile", f"--blink-settings=preferredColorScheme={0 if dark else 1}",
         "--virtual-time-budget=5000", "--window-size=1280,1200", "--dump-dom", f"file://{page}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    check("<html" in done.stdout, f"exit {done.returncode}", done.stderr)
    return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]


def case_page(bench, out):
    """Every chart stands in both colour schemes, and the console is silent."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        skip("no chromium")
    if not os.path.exists(CHART_JS):
        skip("no Chart.js (Debian: libjs-chart.js)")
    measured(bench, out)
    document = result_of(out)
    cell = document["cells"][0]
    cell["counts"] = {arm["name"]: {"messages": 10, "tool": "perf", "not_measured": "",
                                    "calls": {"all": 30, "recvfrom": 10, "sendto": 20}} for arm in document["arms"]}
    (out / "result.json").write_text(json.dumps(document))
    done = run(bench, ["report", out])
    check(done.returncode == 0, f"exit {done.returncode}", done.stderr)
    for dark in (False, True):
        text, console = open_page(browser, out / "report.html", out, dark)
        check(console == [], "console", "\n".join(console))
        root = re.search("<html[^>]*>", text).group()
        check(text.count("<canvas") == 5 and root == '<html lang="en" data-drawn="5">', "not every chart is drawn", root)


def case_progress(bench, out):
    """On a terminal: what is left, which cell, the ratios so far; never wider than the terminal."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 150, 0, 0))
    process = subprocess.Popen([bench, *CELL, "--blocks", "2", "--out", out], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 4096):
            text += piece
    except OSError:
        pass  # the other end is closed
    check(process.wait(timeout=LIMIT_S) == 0, "exit", text.decode())
    shown = [line for line in text.decode().split("\r\x1b[K") if line]
    check(re.fullmatch(r"\d+s left; pingpong/tcp/64B/1c/same-core: round 1 of 6", shown[0]), "first line", shown[0])
    check(re.fullmatch(r"\d+s left; \S+: round 6 of 6; asio \d\.\d{3}; intervals from block 7 on, [01] so far", shown[5]),
          "last line", str(shown))
    check(len(shown) == 6 and max(map(len, shown)) < 150, "lines", str(shown))


def case_counts(bench, out):
    """A run counts each cell once, for good: one that is resumed does not count again."""
    with_counts = [word for word in ONE_CELL if word != "--no-counts"]
    done = measured(bench, out, with_counts)
    counts = result_of(out)["cells"][0]["counts"]
    check(set(counts) == {"raw", "raw'", "asio"}, "arms", str(counts))
    if any(each["not_measured"] for each in counts.values()):
        skip("not counted: " + counts["raw"]["not_measured"])
    for arm, each in counts.items():
        check(each["calls"]["all"] >= 2 * each["messages"] >= 10000, "an echo is two calls at least", arm)
    # raw's are the same each time; Asio's has more where others get the CPU between a read and the next.
    told = ", ".join(f"{arm} {counts[arm]['calls']['all'] / counts[arm]['messages']:.2f}" for arm in ("raw", "asio"))
    check(counts["raw"]["calls"]["all"] < 3.01 * counts["raw"]["messages"], "not three calls", str(counts["raw"]))
    check("system calls a message: " + told in done.stdout, told + " is not told", done.stdout)
    steps = result_of(out)["cells"][0]["ladder"]
    check([(step["from"], step["to"]) for step in steps] == [("raw", "asio")], "ladder", str(steps))
    check(steps[0]["sentence"] in done.stdout and steps[0]["sentence"] in (out / "summary.md").read_text(), "sentence")
    kept = (out / "blocks.jsonl").read_text()
    check(run(bench, ["run", "--resume", out]).returncode == 0, "resumed")
    check((out / "blocks.jsonl").read_text() == kept, "counted again")
    check(result_of(out)["cells"][0]["counts"] == counts, "counts are lost")


def case_compare(bench, out):
    measured(bench, out / "old")
    document = result_of(out / "old")
    cell = document["cells"][0]

    def newer(calls, kernel=None):
        cell["counts"] = {"asio": {"messages": 100, "tool": "perf", "not_measured": "", "calls": {"all": calls}}}
        if kernel:
            document["environment"]["kernel"] = kernel
        (out / "new.json").write_text(json.dumps(document))

    newer(300)
    shutil.copy(out / "new.json", out / "old/result.json")
    same = run(bench, ["compare", out / "old", out / "new.json"])
    check(same.returncode == 0 and "counts of 1 arms are the same" in same.stdout, f"exit {same.returncode}", same.stdout)
    newer(330)
    risen = run(bench, ["compare", out / "old", out / "new.json"])
    check(risen.returncode == 6 and "system calls: 3.000, now 3.300  RISEN" in risen.stdout, "gate", risen.stdout)
    allowed = run(bench, ["--json", "compare", out / "old", out / "new.json", "--tolerance", "11"])
    lines = [json.loads(line) for line in allowed.stdout.splitlines()]
    check(allowed.returncode == 0 and lines[-1]["type"] == "end", "tolerance", allowed.stdout)
    check({line["schema"] for line in lines} == {"duet-bench/1"}, "schema", allowed.stdout)
    newer(300, "Linux 1.0")
    unlike = run(bench, ["compare", out / "old", out / "new.json"])
    check(unlike.returncode == 2 and "Linux 1.0" in unlike.stderr and unlike.stdout == "", "unlike", unlike.stderr)
    forced = run(bench, ["compare", out / "old", out / "new.json", "--force"])
    check(forced.returncode == 0 and "unlike: kernel" in forced.stderr, "force", forced.stderr)


with tempfile.TemporaryDirectory(prefix="duet-bench-") as folder:
    globals()["case_" + sys.argv[1].replace("-", "_")](sys.argv[2], pathlib.Path(folder))
