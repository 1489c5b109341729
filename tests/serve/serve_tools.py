"""A running `probate serve`, its pages, what is planted for it to find; and fixtures of these."""
import html.parser
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROBATE = os.path.abspath(os.environ.get("PROBATE", os.path.join(ROOT, "build/probate")))
TOOLS = os.path.abspath(os.environ.get("TOOLS", os.path.join(ROOT, "build/tests")))
BROKEN = re.compile(r"AddressSanitizer|LeakSanitizer|UndefinedBehavior|runtime error:|Assertion")
PATIENCE = 30.0
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def samples(text):
    """{(name, frozenset of (label, value)): number} of a text exposition; each series once."""
    found = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        assert match, line
        key = match[1], frozenset(LABEL.findall(match[2] or ""))
        assert key not in found, line
        found[key] = float(match[3])
    return found


class Page(dict):
    """A scrape: page("probate_sockets", proto="tcp") sums up what has these labels."""

    def __call__(self, name, **labels):
        want = set(labels.items())
        found = [v for (n, has), v in self.items() if n == name and want <= has]
        assert found, f"no {name} {labels}"
        return sum(found)


class Tables(html.parser.HTMLParser):
    """Rows of each table by the id of the heading above it, texts of cells; what tags there are."""

    def __init__(self, page):
        super().__init__()
        self.tables, self.tags, self.text = {}, set(), []
        self.rows = self.cell = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "h2" and dict(attrs).get("id"):
            self.rows = self.tables.setdefault(dict(attrs)["id"], [])
        elif tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
            self.cell = True

    def handle_endtag(self, tag):
        if tag == "td":
            self.cell = None

    def handle_data(self, data):
        self.text.append(data)
        if self.cell:
            self.rows[-1][-1] += data

    def of(self, table, word):
        return [row for row in self.tables[table] if any(word in cell for cell in row)]


class Exporter:
    """probate serve on a port of its own; everything it was given ends with it."""

    def __init__(self, *args, env=None, before=()):
        self.args = [*before, PROBATE, "serve", "--web.listen-address=127.0.0.1:0", *map(str, args)]
        self.run = subprocess.Popen(self.args, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                    stdout=subprocess.PIPE,
                                    env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0:quarantine_size_mb=4",
                                             **(env or {})))  # no leak checker below a seccomp filter
        self.words, self.ended = b"", False
        try:
            self.url = self._await(rb"metrics at (\S+)").decode()
            self._await(rb"probate: watching")
        except BaseException:
            self.run.kill()
            self.run.communicate()
            raise
        self.base = self.url.rsplit("/", 1)[0]
        self.port = int(self.base.rsplit(":", 1)[1])
        self.pid = self.run.pid

    def _await(self, pattern):
        end = time.monotonic() + PATIENCE
        with selectors.DefaultSelector() as ready:
            ready.register(self.run.stderr, selectors.EVENT_READ)
            while not re.search(pattern, self.words):
                assert ready.select(max(0, end - time.monotonic())), self.words
                data = os.read(self.run.stderr.fileno(), 65536)
                assert data, f"ended early: {self.words.decode(errors='replace')}"
                self.words += data
        return (re.search(pattern, self.words).groups() or (b"",))[0]

    def get(self, path="", accept=None, timeout=PATIENCE):
        request = urllib.request.Request(self.base + path if path else self.url,
                                         headers={"Accept": accept} if accept else {})
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.read().decode()

    def scrape(self):
        return Page(samples(self.get()))

    def until(self, holds, patience=PATIENCE):
        """Scrape until it holds; the page in which it did."""
        end = time.monotonic() + patience
        while True:
            page = self.scrape()
            if holds(page):
                return page
            assert time.monotonic() < end, "awaited in vain"

    def settled(self):
        """A page that is not older than what happened before: asked for once, scanned, asked again."""
        scans = self.scrape()("probate_scans_total")
        return self.until(lambda page: page("probate_scans_total") > scans)

    def status(self, tid=None):
        path = f"/proc/{self.pid}/task/{tid or self.pid}/status"
        with open(path) as f:
            return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)

    def threads(self):
        return os.listdir(f"/proc/{self.pid}/task")

    def ready(self):
        try:
            return bool(self.get("/-/ready"))
        except urllib.error.HTTPError as e:
            assert e.code == 503
            return False

    def end(self, how=signal.SIGTERM, code=0):
        if self.ended:
            return ""
        self.ended = True
        if self.run.poll() is None:
            self.run.send_signal(how)
        self.words += self.run.communicate(timeout=PATIENCE)[1]
        said = self.words.decode(errors="replace")
        assert not BROKEN.search(said), said
        assert how == signal.SIGKILL or self.run.returncode == code, (self.run.returncode, said)
        return said


LEAK = """
import json, os, signal, socket, subprocess, sys
kinds = {"tcp": (socket.AF_INET, socket.SOCK_STREAM), "udp": (socket.AF_INET, socket.SOCK_DGRAM)}
s = socket.socket(*kinds[sys.argv[1]])
s.bind(("127.0.0.1", 0))
sys.argv[1] == "tcp" and s.listen()
s.set_inheritable(True)
child = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL, close_fds=False)
print(json.dumps({"port": s.getsockname()[1], "maker": os.getpid(), "holder": child.pid}), flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""

ZOMBIES = """
import os, signal, sys
n, stop = int(sys.argv[1]), sys.argv[2] == "stop"
pids = [os.fork() or os._exit(3) for _ in range(n)]
for pid in pids:
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print(os.getpid(), flush=True)
if stop:
    os.kill(os.getpid(), signal.SIGSTOP)
sys.stdin.readline()
"""

STUCK = """
import os, socket, subprocess, sys
l = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(l.getsockname())
served, _ = l.accept()
served.set_inheritable(True)
child = subprocess.Popen(["sleep", "600"], stdout=subprocess.DEVNULL, close_fds=False)
served.close()
print(child.pid, flush=True)
sys.stdin.readline()
child.kill()
child.wait()
"""


class Actor:
    """A Python program that says one line when what it plants is there, and ends with its stdin."""

    def __init__(self, program, *args):
        self.run = subprocess.Popen([sys.executable, "-c", program, *map(str, args)],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.run.stdout.readline()
        assert line, "the actor said nothing"
        self.said = json.loads(line)

    def end(self):
        if self.run.poll() is None:
            self.run.send_signal(signal.SIGCONT)
        self.run.communicate(timeout=PATIENCE)


class Leak(Actor):
    """A port whose maker is killed while a sleep holds it on."""

    def __init__(self, kind, program=LEAK):
        super().__init__(program, kind)
        self.port, self.holder = self.said["port"], self.said["holder"]
        self.kind, self.gone = kind, False

    def kill(self):
        self.run.communicate("go\n", timeout=PATIENCE)
        self.gone = True
        return self

    def end(self):
        if not self.gone:
            self.kill()
        try:
            os.kill(self.holder, signal.SIGKILL)
        except ProcessLookupError:
            pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- fixtures, which the tests import -----------------------------------------------------------

@pytest.fixture(scope="session")
def left_out(obstacle):
    """Why no exporter can run here; None: it can."""
    if obstacle:
        return obstacle
    done = subprocess.run([PROBATE, "serve", "--web.listen-address=no address"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    return done.stderr if "built without" in done.stderr else None


@pytest.fixture
def planted():
    """Append what has an end()."""
    things = []
    yield things
    errors = []
    for thing in reversed(things):
        try:
            thing.end()
        except Exception as e:  # the others must end all the same
            errors.append(e)
    assert not errors, errors


@pytest.fixture
def exporter(left_out, planted, tmp_path):
    if left_out:
        pytest.skip(left_out)

    def start(*args, before=(), **env):
        one = Exporter(*args, env={"PROBATE_RUN": str(tmp_path / "run"), **env}, before=before)
        planted.append(one)
        return one
    return start
