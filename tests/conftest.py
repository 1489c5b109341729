"""Fixtures of the live-scene tests: the program, the actor, and live commands that are watched.

    probate   runs the program once; probate("ports", "--json") gives exit code, objects, errors
    scene     starts an actor and ends it; nothing it announced may be left alive
    watch     starts a live command, waits until it is watching, collects its lines

PROBATE and SCENE name the binaries; without them build/probate and build/tests/scene are used.
PROBATE_ARGS holds options for every run, to try another tier: PROBATE_ARGS=--fd=lean.
"""
import atexit
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import pytest

# A suite in the background was told to ignore SIGINT, and what it starts would be, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
# A recorder that runs on this machine is nobody's business here: no one-shot finds it.
os.environ["PROBATE_RUN"] = "/proc/nonexistent"
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def for_anybody(path):
    """The program where every user may run it: a copy, when the tree is below a private directory
    (a clone in /root)."""
    path, up = os.path.abspath(path), os.path.realpath(path)
    while up != "/":
        up = os.path.dirname(up)
        if not os.stat(up).st_mode & 0o001 and os.access(path, os.X_OK):
            place = tempfile.mkdtemp(prefix="probate-program-")
            atexit.register(shutil.rmtree, place, ignore_errors=True)
            os.chmod(place, 0o755)
            return shutil.copy(path, place)
    return path


BUILT = os.environ.get("PROBATE", os.path.join(ROOT, "build", "probate"))
PROBATE = for_anybody(BUILT)
os.environ["PROBATE"] = PROBATE  # of what other files of the tests read
SCENE = os.path.join(os.environ.get("TOOLS", os.path.join(ROOT, "build/tests")), "scene")
EXTRA = os.environ.get("PROBATE_ARGS", "").split()
PATIENCE = 30.0
BROKEN = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehavior|runtime error:|Assertion"
                    r"|Traceback|Segmentation|core dumped")


# ---- what /proc says --------------------------------------------------------------------------

def proc_start(pid):
    """Start time of a process in ticks: with the pid it is an identity.  None: no such process."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return int(f.read().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError):
        return None


def proc_state(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return None


# ---- may the live tests run here? -------------------------------------------------------------

def live_obstacle():
    """Why the program cannot be tried here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    if not os.access(PROBATE, os.X_OK):
        return f"{PROBATE} is not built"
    try:
        done = subprocess.run([PROBATE, "doctor", "--json"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:
        return None  # the tests shall fail, not vanish
    if done.returncode == 3:
        return "probate cannot run here: " + done.stderr.strip()[:200]
    return None


@pytest.fixture(scope="session")
def obstacle():
    return live_obstacle()


def end_all(started):
    """Ends everything, the newest first, even when one of them fails to end."""
    errors = []
    for one in reversed(started):
        try:
            one.end()
        except (AssertionError, pytest.fail.Exception) as e:
            errors.append(str(e))
    if errors:
        pytest.fail("; ".join(errors))


# ---- the program, once ------------------------------------------------------------------------

class Answer:
    """What one run printed: exit code, objects of stdout, text of stderr."""

    def __init__(self, args, done):
        self.args = args
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr
        self.objects = []
        for line in done.stdout.split("\n")[:-1]:  # others may have any name
            try:
                self.objects.append(json.loads(line))
            except ValueError:
                pytest.fail(f"probate {' '.join(args)}: not JSON: {line[:300]!r}")

    def one(self):
        assert len(self.objects) == 1, f"probate {' '.join(self.args)}: {self.out[:500]!r}"
        return self.objects[0]


class Probate:
    def __init__(self, path):
        self.path = path

    def __call__(self, *args, codes=(0, 1), timeout=PATIENCE):
        args = [str(a) for a in args]
        done = subprocess.run([self.path, *EXTRA, *args], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout)
        told = f"probate {' '.join(args)}: exit {done.returncode}, stderr {done.stderr[-2000:]!r}"
        assert done.returncode in codes, told
        assert not BROKEN.search(done.stderr), told
        return Answer(args, done)


@pytest.fixture
def probate(obstacle):
    if obstacle:
        pytest.skip(obstacle)
    return Probate(PROBATE)


# ---- lines of a running process ---------------------------------------------------------------

class Lines:
    """Collects the lines of a pipe in a thread."""

    def __init__(self, pipe):
        self.lines = []
        self.changed = threading.Condition()
        self.ended = False
        self.thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self.thread.start()

    def _read(self, pipe):
        for line in pipe:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait(self, ready, timeout=PATIENCE):
        """Until ready(lines) is true or nothing more can come; what it last returned."""
        until = time.monotonic() + timeout
        with self.changed:
            while True:
                got = ready(self.lines)
                left = until - time.monotonic()
                if got or self.ended or left <= 0:
                    return got
                self.changed.wait(left)


# ---- the actor --------------------------------------------------------------------------------

class Scene:
    """A running actor.  facts: what it said last, as a dictionary."""

    def __init__(self, name, *args):
        if not os.access(SCENE, os.X_OK):
            pytest.fail(f"{SCENE} is not built")
        self.name = name
        self.seen = {}
        self.ended = False
        self.proc = subprocess.Popen([SCENE, *args, name], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.out = Lines(self.proc.stdout)
        self.err = Lines(self.proc.stderr)
        self.facts = self._hear(0)

    def _hear(self, n):
        if not self.out.wait(lambda lines: len(lines) > n):
            self._kill()
            pytest.fail(f"scene {self.name} said nothing: {self.err.lines}")
        facts = json.loads(self.out.lines[n])
        for pid in facts["pids"] + [self.proc.pid]:
            self.seen.setdefault(pid, proc_start(pid))
        return facts

    def step(self):
        """Let the next step happen; its facts."""
        said = len(self.out.lines)
        self.proc.stdin.write("step\n")
        self.proc.stdin.flush()
        self.facts = self._hear(said)
        return self.facts

    def __getitem__(self, key):
        return self.facts[key]

    def socket(self, n=0):
        return self.facts["sockets"][n]

    def _kill(self):
        self.proc.kill()
        self.proc.wait()
        self.sweep()

    def alive(self):
        """Announced processes that still exist; a reused pid is not the same process."""
        return [pid for pid, start in self.seen.items()
                if start is not None and proc_start(pid) == start]

    def groups_end(self):
        """Who is frozen dies only when thawed, and groups stay when a killed actor made them."""
        with open("/proc/mounts") as f:
            mounts = [line.split()[1] for line in f if line.split()[2] in ("cgroup", "cgroup2")]
        for group in (os.path.join(m, f"probate-scene-{self.proc.pid}") for m in mounts):
            state, end = os.path.join(group, "freezer.state"), time.monotonic() + 5
            if os.path.exists(state):
                with open(state, "w") as f:
                    f.write("THAWED")
            while os.path.isdir(group) and time.monotonic() < end:
                try:
                    os.rmdir(group)
                except OSError:  # somebody is in it still
                    time.sleep(0.01)

    def sweep(self):
        for pid in self.alive():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.groups_end()
        path = f"/tmp/probate-scene-{self.proc.pid}.sock"
        if os.path.exists(path):
            os.unlink(path)
        device = getattr(self, "facts", {}).get("device")
        if device and os.path.exists(f"/sys/class/net/{device}"):
            subprocess.run(["ip", "link", "del", device], check=False)

    def end(self):
        """End of file is the word; whatever is alive after it is swept, and a failure."""
        if self.ended:
            return
        self.ended = True
        try:
            self.proc.stdin.close()
        except BrokenPipeError:
            pass
        try:
            code = self.proc.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            code = self.proc.wait()
        until = time.monotonic() + 2
        while self.alive() and time.monotonic() < until:
            time.sleep(0.005)
        left = self.alive()
        self.sweep()
        assert code == 0, f"scene {self.name}: exit {code}: {self.err.lines}"
        assert not left, f"scene {self.name} left {left}"


def await_time_wait_room():
    """A machine that just made 100,000 connections keeps no more of them in TIME_WAIT."""
    with open("/proc/sys/net/ipv4/tcp_max_tw_buckets") as most:
        room = int(most.read()) * 3 // 4
    deadline = time.monotonic() + 70
    while time.monotonic() < deadline:
        with open("/proc/net/sockstat") as counts:
            if int(re.search(r" tw (\d+)", counts.read())[1]) < room:
                return
        time.sleep(0.2)
    pytest.skip("too many connections in TIME_WAIT on this machine")


@pytest.fixture
def scene():
    """scene(name, *args) starts an actor; it is ended with the test."""
    started = []

    def start(name, *args):
        if name == "time-wait":
            await_time_wait_room()
        started.append(Scene(name, *args))
        return started[-1]

    yield start
    end_all(started)


# ---- live commands ----------------------------------------------------------------------------

class Watch:
    """A live command that is ready: all hooks attached, the first scan done.

    What it saw is recorded beside it, and in the end the recording must print the same bytes; and
    --at one of the moments that were noted, what the live command had said then.
    """

    def __init__(self, *args):
        self.args = [str(a) for a in args]
        self.rec = None
        self.moments = []
        record = []
        if "--" not in self.args and "--record" not in self.args:
            fd, self.rec = tempfile.mkstemp(prefix="probate-test-", suffix=".prb")
            os.close(fd)
            record = ["--record", self.rec, "--force"]
        self.proc = subprocess.Popen([PROBATE, *EXTRA, *record, *self.args],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True)
        self.out = Lines(self.proc.stdout)
        self.err = Lines(self.proc.stderr)
        self.parsed = []
        if not self.err.wait(lambda l: any(x.startswith("probate: watching") for x in l)):
            self.proc.kill()
            self.proc.wait()
            pytest.fail(f"{self} never said that it is watching: {self.err.lines}")

    def __str__(self):
        return "probate " + " ".join(self.args)

    def _parse(self, lines):
        for line in lines[len(self.parsed):]:
            try:
                self.parsed.append(json.loads(line))
            except ValueError:
                pytest.fail(f"{self}: not JSON: {line[:300]!r}")
        return self.parsed

    @property
    def objects(self):
        with self.out.changed:
            return list(self._parse(self.out.lines))

    def poll(self, ready, timeout=PATIENCE):
        """Until ready(objects) is true; what it last returned."""
        return self.out.wait(lambda lines: ready(self._parse(lines)), timeout)

    def wait_for(self, predicate, timeout=PATIENCE, what=""):
        """The first object for which the predicate holds; fails when none comes."""
        def first(objects):
            return next((o for o in objects if predicate(o)), None)

        got = self.poll(first, timeout)
        if got is None:
            pytest.fail(f"{self}: {what or 'what was awaited'} never came; stderr "
                        f"{self.err.lines[-5:]}; last lines {self.out.lines[-8:]}")
        return got

    def settle(self, quiet=0.3, timeout=PATIENCE):
        """Until nothing new was printed for a while: for tests of what must not come."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            n = len(self.out.lines)
            if not self.out.wait(lambda lines: len(lines) > n, quiet):
                return

    def end(self):
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGINT)
        try:
            code = self.proc.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
            pytest.fail(f"{self} did not end on SIGINT: {self.err.lines[-20:]}")
        self.out.thread.join(2)
        self.err.thread.join(2)
        told = "\n".join(self.err.lines)
        assert code in (0, 1), f"{self}: exit {code}: {told[-3000:]}"
        assert not BROKEN.search(told), f"{self}: {told[-3000:]}"
        if self.rec:
            self.replay()

    def moment(self, said):
        """Now; said(objects) gives what must be the same --at this moment."""
        self.moments.append((time.time_ns(), said, len(self.objects)))

    def recall(self):
        once = [a for a in self.args if a not in ("-w", "--watch")]
        for ns, said, lines in self.moments:
            # what had happened by then may have been printed a little later
            then = [said(self.objects[:n]) for n in range(lines, len(self.objects) + 1)][:4]
            at = f"@{ns // 10**9}.{ns % 10**9:09d}"
            done = subprocess.run([PROBATE, *EXTRA, "-r", self.rec, "--at", at, *once],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            got = said([json.loads(line) for line in done.stdout.split("\n") if line])
            assert got in then, f"{self}: live said {then}, --at {at} says {got}; {done.stderr}"

    def replay(self):
        self.recall()
        done = subprocess.run([PROBATE, *EXTRA, "-r", self.rec, *self.args],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        os.unlink(self.rec)
        assert not BROKEN.search(done.stderr), f"{self}, replayed: {done.stderr[-3000:]}"
        assert done.returncode == self.proc.returncode, f"{self}, replayed: {done.stderr[-3000:]}"
        live, again = self.out.lines, done.stdout.split("\n")[:-1]
        for n, (a, b) in enumerate(zip(live, again)):
            assert a == b, f"{self}: line {n + 1} of {len(live)}\nlive:   {a}\nreplay: {b}"
        assert len(live) == len(again), \
            f"{self}: {len(live)} lines live, {len(again)} replayed: {(live + again)[-1]}"


@pytest.fixture
def watch(probate):
    """watch("ports", "-w", "--json") starts a live command; it is ended with the test."""
    started = []

    def start(*args):
        started.append(Watch(*args))
        return started[-1]

    yield start
    end_all(started)


@pytest.fixture
def tool():
    """tool("ss", "-tln") runs a program of the system and gives its output; skips without it."""
    def run(*args):
        if not shutil.which(args[0]):
            pytest.skip(f"{args[0]} is not installed")
        return subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE).stdout
    return run


def pytest_collection_modifyitems(items):
    """Load comes last: it leaves a table full of TIME_WAITs, which other tests would meet."""
    items.sort(key=lambda item: "load" in item.path.parts)
