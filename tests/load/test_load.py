"""Load: every process and every connection of a storm is told exactly once, and loss is repaired.

Nothing here sleeps: a run is over when the reaping of a marker process, started after it, has come
out of the tracer. Runs as root with the programs of build/tests (gen, tiny, work).
"""
import calendar
import collections
import contextlib
import functools
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROBATE = os.path.abspath(os.environ.get("PROBATE", os.path.join(ROOT, "build/probate")))
# Under the sanitizers the reader is ten times slower than what is judged here: it gets more room.
ROOMY = ["--buffer", "256M"] if "/san/" in PROBATE else []
TOOLS = os.path.abspath(os.environ.get("TOOLS", os.path.join(ROOT, "build/tests")))
GEN, TINY, WORK = (os.path.join(TOOLS, name) for name in ("gen", "tiny", "work"))

PROCS, CONNS = 20000, 50000
TIMEOUT_S = 60
SLACK_NS = 50_000_000  # between the tracer's idea of the wall clock and ours; pids last longer

# What a line of `trace --json` must have.
COMMON = {"ts", "event", "pid", "tid", "comm"}
SOCKET = {"fd", "inode", "cookie", "proto", "local", "remote", "state"}
FIELDS = {
    "fork": {"child", "start"}, "exec": {"start", "exe", "args"},
    "exit": {"start", "code", "signal"}, "reap": {"child", "start", "reaper"},
    "connect": SOCKET, "accept": SOCKET, "close": {"fd", "inode", "cookie"},
    "state": SOCKET - {"fd"} | {"old"}, "lost": {"count"}, "resync": set(),
}
EVENT = re.compile(rb'"event": ?"(\w+)"')
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z$")


@functools.lru_cache(maxsize=None)
def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%S"))


def time_ns(text):
    match = TIME.match(text)
    assert match, "not RFC 3339 with nanoseconds: %r" % text
    return seconds(match[1]) * 10**9 + int(match[2])


def follow_lines(path, offset):
    """Lines of a growing file, from offset, as they come; None after every quiet second."""
    tail = subprocess.Popen(["tail", "-c", "+%d" % (offset + 1), "-f", path],
                            stdout=subprocess.PIPE, bufsize=0)
    rest = b""
    try:
        with selectors.DefaultSelector() as ready:
            ready.register(tail.stdout, selectors.EVENT_READ)
            while True:
                if not ready.select(1):
                    yield None
                    continue
                data = os.read(tail.stdout.fileno(), 1 << 20)
                assert data, "tail has ended"
                *lines, rest = (rest + data).split(b"\n")
                yield from lines
    finally:
        tail.kill()
        tail.stdout.close()
        tail.wait()


class Tracer:
    """A running probate that writes to files; entered once it says that it is attached."""

    def __init__(self, directory, *args):
        self.args = [PROBATE, *args]
        self.out = os.path.join(directory, "out")
        self.err = os.path.join(directory, "err")

    def __enter__(self):
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.run = subprocess.Popen(self.args, stdin=subprocess.DEVNULL, stdout=out,
                                        stderr=err)
        try:
            self.await_line(lambda line: line.startswith(b"probate: watching"), path=self.err)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        if self.run.poll() is None:
            self.run.kill()
        self.run.wait()

    def await_line(self, is_it, path=None, offset=0, timeout_s=TIMEOUT_S):
        deadline = time.monotonic() + timeout_s
        for line in follow_lines(path or self.out, offset):
            if line is not None and is_it(line):
                return line
            if line is None and self.run.poll() is not None:
                pytest.fail("%s ended early; stderr: %s" % (self.args, self.words()))
            if time.monotonic() > deadline:
                pytest.fail("%s: awaited in vain; stderr: %s" % (self.args, self.words()))

    def await_marker(self):
        """Everything that happened before this call is in the file when it returns."""
        offset = os.path.getsize(self.out)
        marker = subprocess.Popen([TINY, "marker"])
        assert marker.wait() == 0
        # the first line may be the end of one: a crowd's are written by the block
        self.await_line(lambda line: line.startswith(b'{"ts"') and is_event(line, b"reap")
                        and json.loads(line)["child"] == marker.pid, offset=offset)

    def words(self):
        with open(self.err, errors="replace") as f:
            return f.read()[-2000:].strip() or "(no words)"

    def stop(self):
        """Ends it as a user would; returns the exit code."""
        self.run.send_signal(signal.SIGINT)
        return self.run.wait(TIMEOUT_S)


class Paused:
    """The tracer is not scheduled for a while: with a small ring that loses events for certain."""

    def __init__(self, tracer):
        self.pid = tracer.run.pid

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def __exit__(self, *exc):
        os.kill(self.pid, signal.SIGCONT)


def is_event(line, name):
    match = EVENT.search(line)
    return bool(match) and match[1] == name


def read_events(path, *kinds):
    """Events of these kinds, or all, in order. Only their lines are parsed; most of a storm is others."""
    wanted = {kind.encode() for kind in kinds}
    with open(path, "rb") as f:
        for line in f:
            match = EVENT.search(line)
            assert match, "a line without event: %r" % line
            if not wanted or match[1] in wanted:
                yield checked(json.loads(line))


def checked(event):
    missing = (COMMON | FIELDS.get(event["event"], set())) - event.keys()
    assert not missing, "%s lacks %s" % (event, sorted(missing))
    assert TIME.match(event["ts"]), "ts: %s" % event
    return event


def report(problems):
    assert not problems, "%d problems:\n%s" % (len(problems), "\n".join(problems[:10]))


def generate(*args):
    done = subprocess.run([GEN, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=TIMEOUT_S * 4)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


Child = collections.namedtuple("Child", "pid exec before_ns after_ns code")


def read_children(path):
    with open(path) as f:
        return [Child(*map(int, line.split())) for line in f]


@pytest.fixture
def room():
    """A directory that goes with its test: a storm's trace has some hundred megabytes."""
    with tempfile.TemporaryDirectory(prefix="probate-load-") as directory:
        yield directory


@pytest.fixture(scope="session")
def probate():
    if os.geteuid():
        pytest.skip("tracing needs root")
    assert os.access(PROBATE, os.X_OK), "%s cannot be run; build it first" % PROBATE
    doctor = subprocess.run([PROBATE, "doctor", "--json"], capture_output=True, text=True)
    if doctor.returncode == 3:
        pytest.skip("probate cannot run here: " + doctor.stderr.strip())
    return PROBATE


# The generator itself, so that a wrong storm is not taken for a wrong trace.


def test_generator_processes(room):
    path = os.path.join(room, "children")
    totals = generate("procs", path, 501, 0.25)
    children = read_children(path)
    assert totals["total"] == len(children) == 501
    assert sum(child.exec for child in children) in (124, 125, 126)
    assert all(child.pid > 0 and 0 < child.before_ns < child.after_ns for child in children)


def test_generator_connections():
    totals = generate("conns", 501)
    assert totals["total"] == 501
    assert len(set(totals["ports"])) == 8


# Processes


def lives_of(path):
    """(pid, start) -> its events in order; and for each pid the starts it was seen with."""
    lives, starts = collections.defaultdict(list), collections.defaultdict(set)
    for event in read_events(path, "fork", "exec", "exit", "reap"):
        pid = event["child"] if event["event"] in ("fork", "reap") else event["pid"]
        if event["start"] is None:  # a stranger from before the tracer
            continue
        start = time_ns(event["start"])
        lives[pid, start].append(event)
        starts[pid].add(start)
    return lives, starts


def problem_of_life(child, life, workers):
    """What is wrong with the events of one child, or None."""
    kinds = [event["event"] for event in life]
    if kinds != ["fork"] + ["exec"] * child.exec + ["exit", "reap"]:
        return "events %s" % kinds
    fork, end, reap = life[0], life[-2], life[-1]
    if fork["pid"] not in workers:
        return "forked by %s" % fork["pid"]
    if child.exec and os.path.basename(life[1]["exe"]) != "tiny":
        return "executed %s %s" % (life[1]["exe"], life[1]["args"])
    if (end["code"], end["signal"]) != (child.code, None):
        return "ended with code %s, signal %s" % (end["code"], end["signal"])
    if reap["reaper"] != fork["pid"]:
        return "reaped by %s" % reap["reaper"]
    return None


def process_problems(children, path, workers):
    lives, starts = lives_of(path)
    problems = []
    for child in children:
        mine = [start for start in starts[child.pid]
                if child.before_ns - SLACK_NS <= start <= child.after_ns + SLACK_NS]
        if len(mine) == 1:
            problem = problem_of_life(child, lives[child.pid, mine[0]], workers)
        else:
            problem = "%d starts fit" % len(mine)
        if problem:
            problems.append("%s: %s" % (child, problem))
    return problems


def lost_events(path):
    return list(read_events(path, "lost"))


def test_every_process_is_told_once(probate, room):
    path = os.path.join(room, "children")
    with Tracer(room, "trace", "--json", *ROOMY) as tracer:
        totals = generate("procs", path, PROCS)
        tracer.await_marker()
        assert tracer.stop() == 0, tracer.words()
        assert not lost_events(tracer.out)
        report(process_problems(read_children(path), tracer.out, totals["workers"]))


# Connections


class Connections:
    """What a trace tells about the connections of the generator's workers."""

    def __init__(self, path, workers):
        self.opened = {"connect": [], "accept": []}
        self.closed = collections.Counter()
        self.states = collections.defaultdict(list)
        for event in read_events(path, "connect", "accept", "close", "state"):
            kind = event["event"]
            if kind == "state":  # told by whoever ran then, often a bystander
                self.states[event["cookie"]].append(event["state"])
            elif event["pid"] not in workers:
                continue
            elif kind == "close":
                self.closed[event["cookie"]] += 1
            elif event["proto"] == "tcp":
                self.opened[kind].append(event)

    def end_problems(self, kind):
        for event in self.opened[kind]:
            cookie = event["cookie"]
            states = collections.Counter(self.states[cookie])
            if event.get("error"):
                yield "%s failed: %s" % (kind, event)
            if self.closed[cookie] != 1:
                yield "%s closed %d times: %s" % (kind, self.closed[cookie], event)
            if states["ESTABLISHED"] != 1 or states["CLOSE"] != 1:
                yield "%s states %s: %s" % (kind, self.states[cookie], event)

    def problems(self, expected):
        found = []
        for kind, events in self.opened.items():
            cookies = {event["cookie"] for event in events}
            if not len(events) == len(cookies) == expected or None in cookies:
                found.append("%d of %s, %d cookies" % (len(events), kind, len(cookies)))
            found += self.end_problems(kind)
        clients = collections.Counter((e["local"], e["remote"]) for e in self.opened["connect"])
        servers = collections.Counter((e["remote"], e["local"]) for e in self.opened["accept"])
        lone = (clients - servers) + (servers - clients)
        found += ["one end only: %s" % (pair,) for pair in lone]
        return found


UNFINISHED = ("fin-wait-1", "fin-wait-2", "closing", "last-ack", "close-wait")


def await_finished(ports):
    """A segment dropped under load is sent again later: until then its connection is not over."""
    query = ["ss", "-Htn", *(word for state in UNFINISHED for word in ("state", state))]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        left = [line.split() for line in subprocess.check_output(query, text=True).splitlines()]
        if not any(end.rsplit(":", 1)[-1] in ports for line in left for end in line[3:5]):
            return
    pytest.fail("the connections do not end")


def test_every_connection_is_told_once(probate, room):
    with Tracer(room, "trace", "--json", "--fd=full", *ROOMY) as tracer:
        totals = generate("conns", CONNS)
        await_finished({str(port) for port in totals["ports"]})
        tracer.await_marker()
        assert tracer.stop() == 0, tracer.words()
        assert not lost_events(tracer.out)
        report(Connections(tracer.out, totals["workers"]).problems(CONNS))


# Loss: a tiny ring, and a tracer that is kept from reading it.


def losses(path):
    """(events lost, whether the last loss was followed by a resync)"""
    count, repaired = 0, True
    for event in read_events(path, "lost", "resync"):
        repaired = event["event"] == "resync"
        if not repaired:
            assert event["count"] > 0
            count += event["count"]
    return count, repaired


def test_loss_is_told_and_repaired(probate, room):
    with Tracer(room, "trace", "--json", "--buffer", "64K") as tracer:
        with Paused(tracer):
            generate("procs", os.path.join(room, "children"), 5000)
        tracer.await_line(lambda line: is_event(line, b"resync"))
        tracer.await_marker()
        code = tracer.stop()
        count, repaired = losses(tracer.out)
        assert count > 1000
        assert repaired
        assert code == 0, tracer.words()


def test_exit_code_admits_unrepaired_loss(probate, room):
    """Interrupted right after a loss it may repair or not, but must not call a gap an answer."""
    with Tracer(room, "trace", "--json", "--buffer", "64K") as tracer:
        with Paused(tracer):
            generate("procs", os.path.join(room, "children"), 5000)
            tracer.run.send_signal(signal.SIGINT)
        code = tracer.run.wait(TIMEOUT_S)
        count, repaired = losses(tracer.out)
        assert count > 1000
        assert code == (0 if repaired else 4), tracer.words()


CALLS = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while sys.stdin.readline():
    for i in range(%d):
        client = socket.socket()
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        client.close()
        server.recv(1)
        server.close()
    print("done", flush=True)
"""
PAIRS = 1000
# socket, connect, accept, two closes; the client's states are five, the server's from accept() on three
PER_PAIR = 5 + 5 + 3


@pytest.mark.parametrize("kinds", ["", "state,connect,accept,close,socket,lost"])
def test_loss_of_others_is_not_counted(probate, room, kinds):
    """With a filter: what is told and what is lost are together what was asked for."""
    args = ["--event=" + kinds] if kinds else []
    with subprocess.Popen([sys.executable, "-c", CALLS % PAIRS], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as work:
        port = work.stdout.readline().strip()
        with Tracer(room, "trace", "--json", "--fd=full", "--pid=%d" % work.pid, "--buffer=64K",
                    *args) as tracer:
            with Paused(tracer):
                work.stdin.write("go\n")
                work.stdin.flush()
                assert work.stdout.readline() == "done\n"
                generate("procs", os.path.join(room, "children"), 1000)
                await_finished({port})
            tracer.await_line(lambda line: is_event(line, b"lost"))
            tracer.stop()
        work.stdin.close()
    lost = sum(event["count"] for event in lost_events(tracer.out))
    told = [event for event in read_events(tracer.out) if event["event"] not in ("lost", "resync")]
    assert lost > PAIRS
    assert len(told) + lost == PAIRS * PER_PAIR


class Listener:
    """A process with one listening port, which nobody else holds."""

    def __enter__(self):
        self.run = subprocess.Popen([WORK, "hold", "0", "0"], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE)
        facts = json.loads(self.run.stdout.readline())
        self.pid, self.local = facts["pid"], "127.0.0.1:%d" % facts["port"]
        return self

    def __exit__(self, *exc):
        self.run.stdin.close()
        self.run.stdout.close()
        self.run.wait()

    def is_told_by(self, line):
        """Is this a line of `ports --json` with the right holder of this port?"""
        if self.local.encode() + b'"' not in line:
            return False
        told = json.loads(line)
        return (told["local"] == self.local and told["state"] == "LISTEN"
                and [holder["pid"] for holder in told["holders"]] == [self.pid])


def test_ports_are_right_after_loss(probate, room):
    """One listener is born while events are lost, one after: both must get their holder."""
    with contextlib.ExitStack() as stack:
        tracer = stack.enter_context(Tracer(room, "ports", "-w", "--json", "--buffer", "64K"))
        with Paused(tracer):
            generate("procs", os.path.join(room, "children"), 2000)
            generate("conns", 10000)
            during = stack.enter_context(Listener())
        tracer.await_line(during.is_told_by)
        after = stack.enter_context(Listener())
        tracer.await_line(after.is_told_by)
        assert tracer.stop() == 0, tracer.words()
