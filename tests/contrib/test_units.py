"""The systemd unit: is it one, how much does it give away, and are its rights those that are needed?

The recorder runs as a user that is nobody else, with the capabilities of the unit and no others.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from conftest import BROKEN, PATIENCE, PROBATE, ROOT, end_all

UNIT = os.path.join(ROOT, "contrib", "probate-record.service")
INSTALLED = "/usr/local/bin/probate"
SOMEBODY = 61234  # no user has that number: as DynamicUser= would choose
MOST_EXPOSED = 20  # in tenths; "OK" ends at 50
CANNOT = 3


def setting(name):
    """All that one setting of the unit says, in order."""
    with open(UNIT) as f:
        return [m[1] for m in re.finditer(rf"^{name}=(.*)$", f.read(), re.M)]


def capabilities():
    (ambient,), (bounding,) = setting("AmbientCapabilities"), setting("CapabilityBoundingSet")
    assert ambient == bounding
    return [c.removeprefix("CAP_").lower() for c in ambient.split()]


# ---- the unit itself --------------------------------------------------------------------------

@pytest.fixture
def analyze(tmp_path):
    tool = shutil.which("systemd-analyze")
    if not tool:
        pytest.skip("systemd-analyze is not installed")
    with open(UNIT) as f:
        text = f.read()
    assert INSTALLED in text
    unit = tmp_path / "probate-record.service"
    unit.write_text(text.replace(INSTALLED, PROBATE))

    def run(*args):
        return subprocess.run([tool, *args, str(unit)], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return run


def test_verify(analyze):
    done = analyze("verify", "--man=no")
    assert done.returncode == 0 and not done.stdout, done.stdout


def test_security(analyze):
    done = analyze("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}")
    if "offline" in done.stdout and "exposure" not in done.stdout:
        pytest.skip("this systemd-analyze rates no files")
    assert done.returncode == 0, done.stdout
    assert re.search(r"exposure level .* (OK|SAFE)", done.stdout), done.stdout[-300:]


def test_install(tmp_path):
    """The unit runs the program that was installed with it."""
    build = os.path.dirname(os.path.abspath(PROBATE))
    if os.path.commonpath([build, ROOT]) != ROOT or not shutil.which("make"):
        pytest.skip("the program is not built in this tree")
    done = subprocess.run(["make", "-s", "-C", ROOT, "-o", "all", f"B={build}", "PREFIX=/opt/p",
                           f"DESTDIR={tmp_path}", "install"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    unit = (tmp_path / "opt/p/lib/systemd/system/probate-record.service").read_text()
    (program,) = re.findall(r"^ExecStart=(\S+)", unit, re.M)
    assert program == "/opt/p/bin/probate" and os.access(f"{tmp_path}{program}", os.X_OK)
    assert INSTALLED not in unit


# ---- its rights -------------------------------------------------------------------------------

LEAK = """
import os, socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
s.set_inheritable(True)
if not os.fork():
    os.execv(sys.argv[2], ["sleep", "300"])
print("ready", flush=True)
time.sleep(300)
"""


def until(probe, what):
    end = time.monotonic() + PATIENCE
    while True:
        got = probe()
        if got:
            return got
        assert time.monotonic() < end, what
        time.sleep(0.01)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(p) for p in f.read().split()]


def comm(pid):
    with open(f"/proc/{pid}/comm") as f:
        return f.read().strip()


class Leak:
    """A server of the user nobody and the child that keeps its port."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]
        self.proc = subprocess.Popen([sys.executable, "-c", LEAK, str(self.port),
                                      shutil.which("sleep")], user="nobody", group=65534,
                                     extra_groups=[], stdin=subprocess.DEVNULL, cwd="/",
                                     stdout=subprocess.PIPE, text=True)
        assert self.proc.stdout.readline() == "ready\n"
        (self.keeper,) = children(self.proc.pid)
        until(lambda: comm(self.keeper) == "sleep", "sleep did not start")

    def kill(self):
        self.proc.kill()
        self.proc.wait()

    def end(self):
        os.kill(self.keeper, signal.SIGKILL)
        self.kill()
        self.proc.stdout.close()


@pytest.fixture
def leak():
    started = []

    def plant():
        started.append(Leak())
        return started[-1]

    yield plant
    end_all(started)


class Recorder:
    """The recorder as somebody with these capabilities alone."""

    def __init__(self, dir, caps):
        self.dir = dir
        plus = "-all," + ",".join("+" + c for c in caps)
        os.chown(dir, SOMEBODY, SOMEBODY)
        self.proc = subprocess.Popen(
            ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups",
             f"--inh-caps={plus}", f"--ambient-caps={plus}", f"--bounding-set={plus}",
             "--no-new-privs", PROBATE, "record", f"{dir}/rec/"],
            env=dict(os.environ, PROBATE_RUN=str(dir)), stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        self.said = self.proc.stderr.readline()
        if self.said.startswith("setpriv"):
            self.end()
            pytest.skip(self.said.strip())

    def end(self):
        self.proc.terminate()
        self.said += self.proc.stderr.read()
        self.proc.stderr.close()
        return self.proc.wait(PATIENCE)

    def ask(self, *args):
        done = subprocess.run([PROBATE, "-r", f"{self.dir}/rec", "--json", *args],
                              capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0 and not BROKEN.search(done.stderr), done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def record(obstacle):
    started = []
    dir = tempfile.mkdtemp(prefix="probate-units-")  # not pytest's, which is root's alone

    def start(caps):
        if obstacle:
            pytest.skip(obstacle)
        if not shutil.which("setpriv"):
            pytest.skip("setpriv is not installed")
        started.append(Recorder(dir, caps))
        return started[-1]

    yield start
    for one in started:
        if one.proc.poll() is None:
            one.end()
    shutil.rmtree(dir)


def played(record, leak, caps):
    """A leak from before the recorder and one that it saw; then it was stopped."""
    old = leak()
    recorder = record(caps)
    assert "recording to" in recorder.said, recorder.said
    new = leak()
    new.kill()
    assert recorder.end() == 0, recorder.said
    return recorder, old, new


def test_the_rights_of_the_unit_are_enough(record, leak):
    recorder, old, new = played(record, leak, capabilities())
    (sock,) = recorder.ask("port", str(new.port))["sockets"]
    assert sock["verdict"] == "leaked" and sock["certain"] and sock["uid"] == 65534
    assert sock["creator"]["pid"] == new.proc.pid and sock["creator"]["exit"]["signal"] == 9
    assert sock["creator"]["exit"]["by"]["pid"] == os.getpid()
    assert [h["pid"] for h in sock["holders"]] == [new.keeper]
    (sock,) = recorder.ask("port", str(old.port))["sockets"]
    assert {h["pid"] for h in sock["holders"]} == {old.proc.pid, old.keeper}
    sleep = os.path.realpath(shutil.which("sleep"))
    assert recorder.ask("pid", str(old.keeper))["exe"] == sleep
    assert recorder.said.count("\n") == 1, recorder.said


@pytest.mark.parametrize("cap", ["bpf", "perfmon"])
def test_without_it_nothing_is_seen(record, cap):
    recorder = record([c for c in capabilities() if c != cap])
    assert recorder.proc.wait(PATIENCE) == CANNOT and "CAP_BPF" in recorder.said


def test_ptrace_tells_programs_from_before(record, leak):
    recorder, old, _ = played(record, leak, [c for c in capabilities() if c != "sys_ptrace"])
    assert recorder.ask("pid", str(old.keeper))["exe"] is None


def test_dac_read_search_tells_cgroups(record, leak):
    with open("/proc/self/mountinfo") as f:
        if " - cgroup2 " not in f.read():
            pytest.skip("there is no cgroup2 here")
    recorder, _, new = played(record, leak, capabilities())
    (sock,) = recorder.ask("port", str(new.port))["sockets"]
    assert sock["cgroup"]
    shutil.rmtree(f"{recorder.dir}/rec")
    recorder, _, new = played(record, leak,
                              [c for c in capabilities() if c != "dac_read_search"])
    (sock,) = recorder.ask("port", str(new.port))["sockets"]
    assert sock["cgroup"] is None
