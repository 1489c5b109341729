"""The landing page of `probate serve`: each kind of trouble is in its table, and nothing else is markup."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from serve_tools import PROBATE, Actor, Leak, STUCK, Tables, ZOMBIES
from test_cgroups import JOIN, cgroup  # noqa: F401  a fixture
from serve_tools import exporter, left_out, planted  # noqa: F401  fixtures

PAGE_MAX = 256 * 1024
HOSTILE = "<i>&\"'\x1b\u202e"  # a name of a program: markup, an escape, right to left
HOSTILE_UNIX = "\0<script src=//x>&amp;'\"\x07" + "<&>" * 20
ENTITIES = re.compile(r"&(?!(#\d+|amp|rarr|middot);)")

# Children of its own and of a child that died, none of which it waits for.
SUBREAPER = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
own, adopted = int(sys.argv[1]), int(sys.argv[2])
ready, go = os.pipe()
dead = [os.fork() or os._exit(3) for _ in range(own)]
between = os.fork()
if not between:
    for _ in range(adopted):
        if not os.fork():
            os.close(go)
            os.read(ready, 1)
            os._exit(4)
    os._exit(0)
os.waitpid(between, 0)
os.close(go)
for _ in range(own + adopted):
    dead.append(os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT).si_pid)
print(os.getpid(), flush=True)
sys.stdin.readline()
"""

# A UNIX socket whose maker is killed while a program holds it on, both with names as they come.
UNIX_LEAK = """
import json, os, signal, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX)
s.bind(json.loads(sys.argv[2]))
s.listen()
s.set_inheritable(True)
child = subprocess.Popen([sys.argv[1], "600"], stdout=subprocess.DEVNULL, close_fds=False)
print(json.dumps({"port": 0, "holder": child.pid}), flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


class UnixLeak(Leak):
    def __init__(self, program, name):
        Actor.__init__(self, UNIX_LEAK, program, json.dumps(name))
        self.holder, self.gone = self.said["holder"], False


@pytest.fixture
def hostile(tmp_path):
    """A sleep by another name."""
    path = tmp_path / HOSTILE
    shutil.copy(shutil.which("sleep"), path)
    os.chmod(path, 0o755)
    return str(path)


def landing(serve):
    """The page after a scan of all that is there now."""
    serve.settled()
    return serve.get("/")


def check_page(page):
    assert len(page.encode()) <= PAGE_MAX
    assert not re.search(r"@import|url\(|\x1b|\u202e", page), page
    assert not ENTITIES.search(re.sub(r"<style>.*?</style>", "", page, flags=re.S)), page
    tables = Tables(page)
    assert not tables.tags & {"script", "i", "img", "link", "iframe"}, page
    return tables


def test_all_kinds(exporter, planted, hostile, tmp_path):
    """A leak, a suspect, a hanging connection, zombies of one parent for two reasons, hostile names."""
    suspect = Leak("tcp").kill()  # its maker is gone before anything watches
    planted.append(suspect)
    serve = exporter()
    leaks = [Leak("tcp").kill(), Leak("udp").kill()]
    planted += leaks
    unix = UnixLeak(hostile, HOSTILE_UNIX)
    planted += [unix, Actor(STUCK), Actor(ZOMBIES, 3, "stop"), Actor(SUBREAPER, 2, 4)]
    # who made a UNIX socket is learnt from its descriptor while the maker lives
    serve.until(lambda p: p("probate_sockets", proto="unix", state="listen", verdict="shared") >= 1)
    unix.kill()
    stuck, stopped, reaper = planted[-3:]
    serve.until(lambda p: p("probate_zombies", reason="subreaper_not_reaping") >= 4)
    page = check_page(landing(serve))
    for leak in leaks:
        (row,) = page.of("leaked", f"{leak.kind} 127.0.0.1:{leak.port}")
        assert f"sleep[{leak.holder}]" in row[1]
        assert f"probate port {leak.port}, then kill {leak.holder}" in row[3]
        assert "killed by SIGKILL" in row[3]
    (row,) = page.of("leaked", "@<script src=//x>&amp;'\"\\x07<&><&>")
    assert row[1].startswith("<i>&\"'\\x1b\\u{202e}[")
    assert row[3].startswith("probate ports --leaked, then kill")  # no name in what is to be typed
    (row,) = page.of("suspected", f":{suspect.port}")
    assert f"sleep[{suspect.holder}]" in row[1]
    assert not page.of("leaked", f":{suspect.port}")
    assert row[2].startswith("at least ")  # it had it when nothing was watching, and for how long nobody knows
    assert "that was before anything was watching" in row[3] and "--fd=full" not in row[3]
    done = subprocess.run([PROBATE, "ports", "--leaked"], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=60, env=dict(os.environ, PROBATE_RUN=str(tmp_path / "run"), COLUMNS="500"))
    said, = [line for line in done.stdout.splitlines() if "suspected" in line]
    assert f"tcp 127.0.0.1:{suspect.port}, held by sleep[{suspect.holder}]" in said, done.stdout
    (row,) = page.of("stuck", f"sleep[{stuck.said}]")
    assert re.search(r"tcp 127\.0\.0\.1:\d+", row[0]) and re.match(r"127\.0\.0\.1:\d+$", row[1])
    assert "keeps it open" in row[4]
    (row,) = page.of("zombies", f"[{stopped.said}]")
    assert row[1].startswith("3") and row[2] == "parent_stopped"
    assert f"kill -CONT {stopped.said}" in row[4]
    rows = page.of("zombies", f"[{reaper.said}]")
    assert [(r[1][0], r[2]) for r in rows] == [("4", "subreaper_not_reaping"),
                                               ("2", "parent_not_waiting")]


def test_head(exporter, planted):
    serve = exporter(TZ="Asia/Kolkata")
    planted += [Leak("tcp").kill(), Actor(ZOMBIES, 2, "stay")]
    serve.until(lambda p: p("probate_zombies", reason="parent_not_waiting") >= 2)
    text = "".join(check_page(landing(serve)).text)
    assert socket.gethostname() in text
    assert re.search(r"Now: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0530 \(IST\)", text), text
    assert re.search(r"Watching since (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.", text), text
    assert re.search(r"Last scan of everything at \d\d:\d\d:\d\d, \S+ m?u?s before", text), text
    figures = dict((what, int(n)) for n, what in re.findall(
        r"(\d+)(leaked port|suspected|zombie|stuck connection|process|listening socket)", text))
    assert figures["leaked port"] >= 1 and figures["zombie"] >= 2 and figures["process"] > 2
    for word in ("probate port N", "probate ports --leaked", "probate zombies"):
        assert word in text


def ports(rows):
    found = [re.match(r"\S+ (.*?):(\d+)(\xa0\*)?$", row[0]) for row in rows]
    return [(int(m[2]), m[1]) for m in found if m]


MANY = """
import json, os, signal, socket, subprocess, sys
held = []
for i in range(int(sys.argv[1])):
    s = socket.socket()
    s.bind(("127.0.0.%d" % (1 + i % 3), 0))
    s.listen()
    s.set_inheritable(True)
    held.append(s)
for i in range(int(sys.argv[2])):
    s = socket.socket(socket.AF_UNIX)
    s.bind("\\0" + "<&>\\x01'\\"" * 16 + "%d %d" % (i, os.getpid()))
    s.listen()
    s.set_inheritable(True)
    held.append(s)
child = subprocess.Popen([sys.argv[3], "600"], stdout=subprocess.DEVNULL, close_fds=False)
print(json.dumps({"port": 0, "holder": child.pid}), flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


class ManyLeaks(Leak):
    def __init__(self, tcp, unix, program):
        Actor.__init__(self, MANY, tcp, unix, program)
        self.holder, self.gone = self.said["holder"], False


def test_bounded_and_in_order(exporter, planted, hostile):
    """More than a table takes, of names that grow most: the page ends, in the same order each time."""
    planted += [ManyLeaks(120, 0, hostile).kill(), ManyLeaks(0, 300, hostile).kill()]
    serve = exporter()
    planted += [ManyLeaks(30, 300, hostile).kill()]
    planted += [Actor(ZOMBIES, 1 + i % 3, "stay") for i in range(6)]
    serve.until(lambda p: p("probate_zombies", reason="parent_not_waiting") >= 12)
    raw = landing(serve)
    page = check_page(raw)
    assert raw.endswith("</body></html>\n")
    for table in ("leaked", "suspected"):
        rows = [r for r in page.tables[table] if r]
        assert 30 <= len(rows) <= 100
        assert ports(rows) == sorted(ports(rows)) and ports(rows)
    assert re.search(r"And \d+ more\.", raw)
    counts = [int(re.match(r"\d+", r[1])[0]) for r in page.tables["zombies"] if r]
    assert counts == sorted(counts, reverse=True) and len(counts) >= 6
    again = check_page(serve.get("/"))
    for table in ("leaked", "suspected", "zombies"):
        assert [r[:2] for r in again.tables[table]] == [r[:2] for r in page.tables[table]]


def test_quiet(exporter, planted):
    """What is ended goes from the page."""
    serve = exporter()
    leak = Leak("tcp").kill()
    planted.append(leak)
    assert check_page(landing(serve)).of("leaked", f":{leak.port}")
    os.kill(leak.holder, signal.SIGKILL)
    serve.settled()
    assert not check_page(landing(serve)).of("leaked", f":{leak.port}")


def test_place(cgroup, exporter, planted):  # noqa: F811
    """In which unit the parent runs."""
    unit = cgroup(".service")
    serve = exporter()
    actor = Actor(JOIN.format(f"{unit}/cgroup.procs") + ZOMBIES, 2, "stay")
    planted.append(actor)
    rows = []

    def shown(_):  # the zombies of others are counted, too
        rows[:] = check_page(landing(serve)).of("zombies", f"[{actor.said}]")
        return rows

    serve.until(shown)
    (row,) = rows
    assert row[0].endswith(os.path.basename(unit))
