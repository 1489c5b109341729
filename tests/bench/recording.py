"""What a recording costs, and how fast it is read; rows for bench.py.

The load is bursts of real connections and processes, some 50,000 events a second. Long recordings
are made of that one by `tape`, which repeats it with processes and sockets of its own each time.
"""
import os
import shutil
import subprocess
import tempfile
import time

RATE = 50_000            # events a second that the promise is about
DRAIN_SHARE = 0.02       # of one core
EVENT_BYTES = 26
REPLAY_RATE = 3_000_000  # events a second of one core
AT_S, AT_BYTES = 1.0, 1 << 30
WEEK_EVENTS, WEEK_BYTES = 500 * 7 * 86400, 8 << 30
REPORT_MIB = 256


def thread_seconds(pid, tid):
    with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as f:
        return int(f.read().split()[0]) / 1e9


def spent(argv):
    """(CPU seconds, peak MiB) of one run."""
    run = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode not in (0, 1):
        raise OSError(f"{' '.join(argv)} ended with {run.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


class Recording:
    """The rows; everything is made in one directory, which goes in the end."""

    def __init__(self, bench, options):
        self.bench, self.options = bench, options
        self.dir = tempfile.mkdtemp(prefix="probate-bench-", dir=os.environ.get("TMPDIR", "/var/tmp"))
        self.path = os.path.join(self.dir, "load.prb")
        self.gen = os.path.join(bench.TOOLS, "gen")
        self.events = 0

    def row(self, name, value, goal, passed, **more):
        return self.bench.row("recording", name, value, goal, passed, **more)

    def burst(self):
        """Some 8,000 events, a tenth of them of processes."""
        subprocess.run([self.gen, "conns", "440"], stdout=subprocess.DEVNULL, check=True)
        subprocess.run([self.gen, "procs", os.path.join(self.dir, "procs"), "100"],
                       stdout=subprocess.DEVNULL, check=True)

    def load(self):
        seconds = 3 if self.options.quick else 12
        with self.bench.Tracer("record", self.path) as recorder:
            pid = recorder.run.pid
            cpu, began = thread_seconds(pid, pid), time.perf_counter()
            bursts = 0
            while time.perf_counter() - began < seconds:
                self.burst()
                bursts += 1
                time.sleep(max(0, began + bursts * 0.16 - time.perf_counter()))
            share = (thread_seconds(pid, pid) - cpu) / (time.perf_counter() - began)
            took = time.perf_counter() - began
        self.events = self.count(self.path)
        rate, size = self.events / took, os.path.getsize(self.path)
        share *= max(1, RATE / rate)  # a slower load is scaled up, never down
        each = size / self.events
        return [self.row("drain thread at 50,000 events/s", f"{100 * share:.2f}%", "<= 2% of a core",
                         share <= DRAIN_SHARE, ours=f"{rate:.0f} events/s"),
                self.row("bytes an event", f"{each:.1f} B", f"<= {EVENT_BYTES} B",
                         each <= EVENT_BYTES, ours=f"{self.events} events")]

    def count(self, path):
        """Line by line: what this process once needed counts as its children's, too."""
        with subprocess.Popen([self.bench.PROBATE, "-r", path, "trace", "--raw"],
                              stdout=subprocess.PIPE) as run:
            return sum(1 for line in run.stdout if b" kept_" not in line[:40])

    def tape(self, out, loops, rate):
        done = subprocess.run([os.path.join(self.bench.TOOLS, "tape"), self.path, out, str(loops),
                               str(rate)], capture_output=True, check=True, text=True)
        return int(done.stdout)

    def replay(self):
        path = os.path.join(self.dir, "replay.prb")
        events = self.tape(path, 1 + 4_000_000 // self.events, RATE)
        rates = [events / spent([self.bench.PROBATE, "-r", path, "ports"])[0] for _ in range(5)]
        os.unlink(path)
        best = max(rates)
        return [self.row("replay on one core", f"{best / 1e6:.2f} M events/s", ">= 3.00 M",
                         best >= REPLAY_RATE, ours=f"{events} events", rounds=len(rates),
                         spread=f"{min(rates) / 1e6:.2f}..{max(rates) / 1e6:.2f} M")]

    def at(self):
        path = os.path.join(self.dir, "large.prb")
        want = AT_BYTES >> (6 if self.options.quick else 0)
        each = os.path.getsize(self.path)
        events = self.tape(path, 1 + want * 11 // 10 // each, RATE)
        size, seconds = os.path.getsize(path), events / RATE
        took = []
        for part in (0.001, 0.1, 0.37, 0.5, 0.83, 0.95):
            began = time.perf_counter()
            spent([self.bench.PROBATE, "-r", path, "--at", f"-{seconds * part:.3f}s", "ports"])
            took.append(time.perf_counter() - began)
        os.unlink(path)
        worst = max(took)
        return [self.row(f"--at in {size / 2**20:.0f} MiB", f"{1e3 * worst:.0f} ms", "<= 1 s",
                         worst <= AT_S, rounds=len(took), ours=f"{events / 1e6:.0f} M events",
                         spread=f"{1e3 * min(took):.0f}..{1e3 * worst:.0f} ms")]

    def week(self):
        path = os.path.join(self.dir, "week/")
        part = 1 if self.options.week else 20 if not self.options.quick else 200
        events = self.tape(path, 1 + WEEK_EVENTS * 4 // 3 // part // self.events, 500)
        size = sum(e.stat().st_size for e in os.scandir(path))
        whole = size / events * WEEK_EVENTS
        cpu, peak = spent([self.bench.PROBATE, "-r", path, "report"])
        shutil.rmtree(path)
        of = "the week" if part == 1 else f"1/{part} of a week"
        return [self.row("a week at 500 events/s", f"{whole / 2**30:.2f} GiB", "<= 8 GiB",
                         whole <= WEEK_BYTES, ours=f"{events / 1e6:.0f} M events",
                         base=f"{size / events:.1f} B each", spread=f"from {of}"),
                self.row(f"report of {of}", f"{peak:.1f} MiB", f"<= {REPORT_MIB} MiB",
                         peak <= REPORT_MIB, base=f"{events / cpu / 1e6:.2f} M events/s")]


def bench_recording(bench, options):
    r = Recording(bench, options)
    try:
        return r.load() + r.replay() + r.at() + r.week()
    finally:
        shutil.rmtree(r.dir, ignore_errors=True)
