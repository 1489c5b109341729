#!/usr/bin/python3
"""Measures probate against its promises: speed of an answer, cost to others, memory, start.

Every comparison is interleaved in one run (untraced, traced, untraced, ...), because the speed of
a machine changes from second to second while ratios hold. Prints one row a promise, marked ok or
MISSED; the exit code is 0 unless a run failed. Needs root and the programs of build/tests.
"""
import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time

from exporting import bench_exporter
from recording import bench_recording

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROBATE = os.path.abspath(os.environ.get("PROBATE", os.path.join(ROOT, "build/probate")))
TOOLS = os.path.abspath(os.environ.get("TOOLS", os.path.join(ROOT, "build/tests")))
WORK = os.path.join(TOOLS, "work")
READY = b"probate: watching", b"probate: recording to"
TIMEOUT_S = 60
INCOMPLETE = 4  # exit code of a tracer that lost events and could not repair it

# What is promised. Factors are "at least", overheads "at most"; None is measured, not promised.
FASTER_THAN = {"ss": 12, "lsof": 20, "fuser": None}
OVERHEAD = {
    "getppid": {"full": None, "lean": 0.02, "serve": 0.01},
    "dupclose": {"full": None, "lean": None, "serve": None},
    "forkwait": {"full": 0.04, "lean": 0.04, "serve": 0.02},
    "spawn": {"full": 0.03, "lean": 0.03, "serve": 0.02},
    "connect": {"full": 0.25, "lean": 0.08, "serve": 0.08},
}
MEMORY_BASE, MEMORY_PROC, MEMORY_SOCKET = 24 << 20, 400, 250


class Failed(Exception):
    """A run that could not be done; its rows are shown as FAILED."""


class Population:
    """A few thousand processes full of sockets, and one listening port to ask about."""

    def __init__(self, nproc, nfds, kind="hold"):
        self.run = subprocess.Popen([WORK, kind, str(nproc), str(nfds)],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.run.stdout.readline()
        if not line:
            raise Failed("the population did not come up")
        self.facts = json.loads(line)
        self.port = self.facts["port"]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.run.stdin.close()
        self.run.stdout.close()
        self.run.wait()


class Tracer:
    """A running probate; entered once it says that it is attached, ended by SIGINT."""

    def __init__(self, *args):
        self.args = [PROBATE, *args]
        self.ready = threading.Event()  # or its stderr has ended
        self.is_watching = False
        self.said = []

    def __enter__(self):
        began = time.perf_counter()
        self.run = subprocess.Popen(self.args, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.reader = threading.Thread(target=self._read_stderr, daemon=True)
        self.reader.start()
        if not self.ready.wait(TIMEOUT_S) or not self.is_watching:
            self.run.kill()
            self.run.wait()
            raise Failed("%s did not become ready: %s" % (" ".join(self.args), self._words()))
        self.ready_s = self.ready_at - began
        return self

    def __exit__(self, *exc):
        self.run.send_signal(signal.SIGINT)
        self.code = self.run.wait(TIMEOUT_S)
        self.reader.join()
        if self.code not in (0, INCOMPLETE) and exc[0] is None:
            raise Failed("%s ended with %d: %s" % (" ".join(self.args), self.code, self._words()))

    def _read_stderr(self):
        for line in self.run.stderr:
            self.said.append(line)
            if line.startswith(READY) and not self.is_watching:
                self.ready_at = time.perf_counter()
                self.is_watching = True
                self.ready.set()
        self.run.stderr.close()
        self.ready.set()

    def _words(self):
        return b" ".join(self.said[-3:]).decode(errors="replace").strip() or "(no words)"

    def status_kib(self, field):
        with open("/proc/%d/status" % self.run.pid) as f:
            for line in f:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise Failed("no %s in /proc/PID/status" % field)


def row(group, name, value, goal, passed, **more):
    """One line of the table; passed is None where nothing is promised."""
    mark = "" if passed is None else "ok" if passed else "MISSED"
    return {"group": group, "name": name, "value": value, "goal": goal, "mark": mark, **more}


def quantile(values, q):
    return sorted(values)[min(int(q * len(values)), len(values) - 1)]


# (a) one question, four programs


def timed(argv):
    began = time.perf_counter()
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def questions(population):
    """Who holds this port? As each program is asked it; an absent one is left out."""
    port = str(population.port)
    asked = {"probate": [PROBATE, "port", port], "ss": ["ss", "-tlnp"],
             "lsof": ["lsof", "-nP", "-i"], "fuser": ["fuser", port + "/tcp"]}
    return {name: argv for name, argv in asked.items() if shutil.which(argv[0])}


def check_answer(argv, population):
    """A fast wrong answer is no answer: the holder's pid must be in it."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True)
    if str(population.facts["pid"]).encode() not in done.stdout:
        raise Failed("%s does not name the holder: %s" % (" ".join(argv), done.stderr.decode()))


def bench_answers(population, options):
    asked = questions(population)
    took = {name: [] for name in asked}
    for argv in asked.values():
        check_answer(argv, population)
    for _ in range(options.answer_rounds):
        for name, argv in asked.items():
            took[name].append(timed(argv))
    return [answer_row(name, took) for name in took if name != "probate"]


def answer_row(name, took):
    ours, theirs = took["probate"], took[name]
    factor = statistics.median(theirs) / statistics.median(ours)
    goal = FASTER_THAN[name]
    per_round = [b / a for a, b in zip(ours, theirs)]
    return row("answer", "port vs " + name, "%.1fx" % factor, goal and ">= %dx" % goal,
               goal and factor >= goal, ratio=factor, rounds=len(ours),
               base="%.0f ms" % (1e3 * statistics.median(theirs)),
               ours="%.1f ms" % (1e3 * statistics.median(ours)),
               spread="%.1f..%.1fx, min/min %.1fx" % (min(per_round), max(per_round),
                                                     min(theirs) / min(ours)))


# (b) what tracing costs everybody else


def run_work(name, ms):
    """Pinned, as moving between processors is the largest noise. Returns ns/op of each batch."""
    cpu = max(os.sched_getaffinity(0))
    done = subprocess.run(["taskset", "-c", str(cpu), WORK, name, str(ms)],
                          stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        raise Failed("work %s: %s" % (name, done.stderr.decode()))
    return json.loads(done.stdout)["batches"]


MODES = {"full": ("trace", "--json", "--fd=full"), "lean": ("trace", "--json", "--fd=lean"),
         "serve": ("serve", "--web.listen-address=127.0.0.1:0")}


def run_slot(names, ms, mode=None):
    if not mode:
        return {name: run_work(name, ms) for name in names}
    with Tracer(*MODES[mode]) as tracer:
        slot = {name: run_work(name, ms) for name in names}
    return {**slot, "ready_s": tracer.ready_s, "incomplete": tracer.code == INCOMPLETE}


def bench_overhead(names, options, modes=("full", "lean")):
    """Rounds of: untraced, full, untraced, lean. Each traced slot has untraced neighbours."""
    slots = {**{mode: [] for mode in modes}, "none": [run_slot(names, options.slot_ms)]}
    end = time.monotonic() + options.overhead_s
    while time.monotonic() < end or len(slots[modes[0]]) < 3:
        for mode in modes:
            slots[mode].append(run_slot(names, options.slot_ms, mode))
            slots["none"].append(run_slot(names, options.slot_ms))
    rows = [overhead_row(name, mode, slots) for name in names for mode in modes]
    return rows + [ready_row("idle", [s["ready_s"] for mode in modes for s in slots[mode]])]


def show_ns(ns):
    return "%.1f ns" % ns if ns < 1000 else "%.2f us" % (ns / 1000)


def pooled(slots, name, q):
    return quantile([ns for slot in slots for ns in slot[name]], q)


def overhead_row(name, mode, slots):
    """The lower quartile of all batches is what repeats best: medians follow the machine's moods.
    Noise is the same statistic between one half of the untraced slots and the other."""
    on, off, goal = slots[mode], slots["none"], OVERHEAD[name][mode]
    ratio = {q: pooled(on, name, q) / pooled(off, name, q) for q in (0, 0.25, 0.5)}
    noise = pooled(off[::2], name, 0.25) / pooled(off[1::2], name, 0.25) - 1
    over = ratio[0.25] - 1
    return row("overhead", "%s %s" % (name, mode if mode == "serve" else "--fd=" + mode), "%+.1f%%" % (100 * over),
               goal and "<= %.0f%%" % (100 * goal), None if goal is None else over <= goal,
               ratio=ratio[0.25], rounds=len(on),
               base=show_ns(pooled(off, name, 0.25)), ours=show_ns(pooled(on, name, 0.25)),
               spread="min %+.1f%%, median %+.1f%%, noise %.1f%%%s" % (
                   100 * ratio[0] - 100, 100 * ratio[0.5] - 100, 100 * abs(noise),
                   ", LOST EVENTS" if any(slot["incomplete"] for slot in on) else ""))


# (c) memory, (d) time to attach


def live_processes():
    return sum(name.isdigit() for name in os.listdir("/proc"))


def bench_memory(population, options):
    """The population is held; resident memory and time to ready of the two live commands."""
    rows, sockets = [], population.facts["sockets"]
    procs = live_processes()
    limit = MEMORY_BASE + MEMORY_PROC * procs + MEMORY_SOCKET * sockets
    for args in (("ports", "-w", "--json"), ("trace", "--json")):
        ready = []
        for _ in range(options.start_rounds):
            with Tracer(*args) as tracer:
                ready.append(tracer.ready_s)
                rss = tracer.status_kib("VmRSS") << 10
                peak = tracer.status_kib("VmHWM") << 10
        rows.append(row("memory", " ".join(args), "%.1f MiB" % (rss / 2**20),
                        "<= %.1f MiB" % (limit / 2**20), rss <= limit, bytes=rss,
                        base="%d procs" % procs, ours="%d sockets" % sockets,
                        spread="peak %.1f MiB" % (peak / 2**20)))
        rows.append(ready_row(" ".join(args), ready))
    return rows


def ready_row(what, seconds):
    middle = statistics.median(seconds)
    return row("start", "ready: " + what, "%.0f ms" % (1e3 * middle), None, None, seconds=middle,
               rounds=len(seconds), spread="%.0f..%.0f ms" % (1e3 * min(seconds),
                                                               1e3 * max(seconds)))


# the whole


def attempt(group, bench, *args):
    """A failed run costs its own rows only."""
    try:
        return bench(*args)
    except (Failed, OSError, subprocess.SubprocessError) as why:
        return [{"group": group, "name": group, "value": "", "goal": None, "mark": "FAILED",
                 "spread": str(why).strip()}]


def bench_all(options):
    wanted = [options.only] if options.only else ["answer", "memory", "recording", "exporter", *OVERHEAD]
    rows = []
    if {"answer", "memory", "start"} & set(wanted):
        with Population(options.nproc, options.nfds) as population:
            if "answer" in wanted:
                rows += attempt("answer", bench_answers, population, options)
            if {"memory", "start"} & set(wanted):
                rows += attempt("memory", bench_memory, population, options)
    if "recording" in wanted:
        rows += attempt("recording", bench_recording, sys.modules[__name__], options)
    if "exporter" in wanted:
        rows += attempt("exporter", bench_exporter, sys.modules[__name__], options)
    works = list(OVERHEAD) if options.only == "overhead" else [n for n in OVERHEAD if n in wanted]
    if works:
        rows += attempt("overhead", bench_overhead, works, options)
    return rows


def print_table(rows):
    head = {"name": "what", "base": "base", "ours": "probate", "value": "result", "goal": "goal",
            "mark": "", "rounds": "rounds", "spread": "spread"}
    lines = [[str(r.get(key) or "") for key in head] for r in [head, *rows]]
    width = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(w) for cell, w in zip(line, width)).rstrip())


def parse_options():
    names = ["answer", "memory", "start", "recording", "exporter", "overhead", *OVERHEAD]
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="under 45 s, and noisier")
    parser.add_argument("--only", choices=names, metavar="NAME", help="one of " + ", ".join(names))
    parser.add_argument("--week", action="store_true", help="report of a whole week: minutes more")
    parser.add_argument("--json", action="store_true", help="one JSON object a row")
    options = parser.parse_args()
    quick = options.quick
    options.nproc, options.nfds = 2000, 50
    options.answer_rounds = 3 if quick else 10
    options.start_rounds = 2 if quick else 5
    options.slot_ms = 40 if quick else 60
    options.overhead_s = 22 if quick else 110
    return options


def main():
    options = parse_options()
    for path in (PROBATE, WORK):
        if not os.access(path, os.X_OK):
            sys.exit("bench: %s cannot be run; build it first" % path)
    if os.geteuid():
        sys.exit("bench: tracing needs root")
    try:
        rows = bench_all(options)
    except Failed as why:
        sys.exit("bench: %s" % why)
    if options.json:
        for one in rows:
            print(json.dumps(one))
    else:
        print_table(rows)
    return any(one["mark"] == "FAILED" for one in rows)


if __name__ == "__main__":
    sys.exit(main())
