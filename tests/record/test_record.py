"""The flight recorder: files and directories, pipes, moments, damage, full disks, history."""
import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import pytest

from conftest import BROKEN, EXTRA, PATIENCE, PROBATE, SCENE, Lines

# Makes a port, lets a child inherit it, and is killed: {"port", "maker", "holder"}.
LEAK = """
import json, os, signal, socket, subprocess, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
s.set_inheritable(True)
child = subprocess.Popen(["sleep", "60"], close_fds=False)
print(json.dumps({"port": s.getsockname()[1], "maker": os.getpid(), "holder": child.pid}), flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


class Recorder:
    """A running `probate record`: everything is attached, the first scan done."""

    def __init__(self, *args, run=None, stdout=None):
        env = dict(os.environ, PROBATE_RUN=str(run)) if run else os.environ
        self.proc = subprocess.Popen([PROBATE, *EXTRA, "record", *map(str, args)],
                                     stdin=subprocess.DEVNULL, stdout=stdout, env=env,
                                     stderr=subprocess.PIPE, text=True)
        self.err = Lines(self.proc.stderr)
        if not self.err.wait(lambda l: any(x.startswith("probate: recording to") for x in l)):
            self.proc.kill()
            self.proc.wait()
            pytest.fail(f"record {args} never said that it records: {self.err.lines}")

    def end(self, how=signal.SIGINT, codes=(0,)):
        if self.proc.poll() is None:
            self.proc.send_signal(how)
        code = self.proc.wait(PATIENCE)
        self.err.thread.join(2)
        told = "\n".join(self.err.lines)
        assert not BROKEN.search(told), told
        assert how == signal.SIGKILL or code in codes, f"exit {code}: {told}"
        return told


@pytest.fixture
def recorder(probate, tmp_path):
    started = []

    def start(*args, **more):
        more.setdefault("run", tmp_path / "run")
        started.append(Recorder(*args, **more))
        return started[-1]

    yield start
    for one in started:
        if one.proc.poll() is None:
            one.proc.kill()
            one.proc.wait()


@pytest.fixture
def leak():
    """leak() plants one; .kill() kills the maker.  What holds it is ended with the test."""
    planted = []

    class Leak:
        def __init__(self):
            self.proc = subprocess.Popen([sys.executable, "-c", LEAK], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
            self.__dict__.update(json.loads(self.proc.stdout.readline()))

        def kill(self):
            self.proc.stdin.write("\n")
            self.proc.stdin.flush()
            self.proc.wait(PATIENCE)

        def end(self):
            for pid in (self.maker, self.holder):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.proc.wait()
            self.proc.stdin.close()
            self.proc.stdout.close()

    def plant():
        planted.append(Leak())
        return planted[-1]

    yield plant
    for one in planted:
        one.end()


def ask(*args, codes=(0, 1), **env):
    done = subprocess.run([PROBATE, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, env=dict(os.environ, **env))
    assert not BROKEN.search(done.stderr), done.stderr
    assert codes is None or done.returncode in codes, f"{args}: exit {done.returncode}: {done.stderr}"
    return done


def port_at(path, port, at=None, **env):
    args = ["-r", path, *(["--at", at] if at else []), "--json", "port", port]
    return json.loads(ask(*args, **env).stdout)


def now():
    return f"@{time.time_ns() / 1e9:.6f}"


def recorded(path, port, verdict, run=None):
    """Wait until the recorder's files tell this of the port."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        done = ask("-r", path, "--json", "port", port, codes=None)
        got = json.loads(done.stdout) if done.stdout else {"sockets": []}
        if [s["verdict"] for s in got["sockets"]] == [verdict]:
            return got
        time.sleep(0.05)
    pytest.fail(f"{path} never told that {port} is {verdict}: {done.stdout} {done.stderr}")


def seconds_after(moment):
    while time.time_ns() / 1e9 < moment:
        time.sleep(0.01)


# ---- a file --------------------------------------------------------------------------------------

def test_before_during_after(recorder, leak, tmp_path):
    path = tmp_path / "x.prb"
    r = recorder(path)
    t0 = now()
    port = leak()
    recorded(path, port.port, "shared")
    t1 = now()
    port.kill()
    recorded(path, port.port, "leaked")
    t2 = now()
    os.kill(port.holder, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while port_at(path, port.port)["held"] and time.monotonic() < until:
        time.sleep(0.05)
    t3 = now()
    seconds_after(float(t3[1:]) + 1.5)  # so that the recording ends after the moment
    r.end()
    before = port_at(path, port.port, t0)
    assert before["held"] is False and before["sockets"] == []
    during = port_at(path, port.port, t1)["sockets"][0]
    assert during["verdict"] == "shared"
    assert {h["pid"] for h in during["holders"]} == {port.maker, port.holder}
    after = port_at(path, port.port, t2)["sockets"][0]
    assert after["verdict"] == "leaked"
    assert after["creator"]["pid"] == port.maker
    assert after["creator"]["exit"]["signal"] == 9
    assert [h["pid"] for h in after["holders"]] == [port.holder]
    assert port_at(path, port.port, t3)["held"] is False
    assert port_at(path, port.port)["held"] is False


def test_file_is_private_and_not_written_over(recorder, tmp_path):
    path = tmp_path / "x.prb"
    recorder(path).end()
    assert path.stat().st_mode & 0o7777 == 0o600
    before = path.read_bytes()
    refused = ask("record", path, codes=(2,))
    assert refused.stderr.count("\n") == 1 and "--force" in refused.stderr
    assert path.read_bytes() == before
    link = tmp_path / "link.prb"
    link.symlink_to(path)
    for force in ([], ["--force"]):
        refused = ask("record", *force, link, codes=(2,))
        assert refused.stderr.count("\n") == 1 and "symbolic link" in refused.stderr
    assert path.read_bytes() == before
    recorder(path, "--force").end()
    assert path.read_bytes() != before


def test_directory_symlink_is_not_followed(probate, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    refused = ask("record", f"{tmp_path}/link/", codes=(2,))
    assert "symbolic link" in refused.stderr
    assert not list((tmp_path / "real").iterdir())


def test_terminal_is_refused(probate):
    master, slave = pty.openpty()
    done = subprocess.run([PROBATE, "record", "-"], stdin=subprocess.DEVNULL, stdout=slave,
                          stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    os.close(slave)
    os.close(master)
    assert done.returncode == 2 and "terminal" in done.stderr


def test_second_recorder_of_a_directory(recorder, tmp_path):
    r = recorder(f"{tmp_path}/d/")
    refused = ask("record", f"{tmp_path}/d/", codes=(2,))
    assert "another recorder" in refused.stderr
    r.end()


# ---- pipes ---------------------------------------------------------------------------------------

def test_pipe_to_a_live_trace(probate, leak):
    """As `ssh host probate record - | probate -r - trace`: events come while it goes on."""
    r = subprocess.Popen([PROBATE, *EXTRA, "record", "-"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    err = Lines(open(r.stderr.fileno(), encoding="utf-8", closefd=False))
    t = subprocess.Popen([PROBATE, "-r", "-", "--json", "trace"], stdin=r.stdout,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out = Lines(t.stdout)
    try:
        assert err.wait(lambda l: any("recording to" in x for x in l))
        port = leak()
        port.kill()
        told = out.wait(lambda lines: [e for e in map(json.loads, lines)
                                       if e["event"] == "transfer" and e["from"] == port.maker])
        assert told, out.lines[-5:]
        assert r.poll() is None and t.poll() is None
        r.send_signal(signal.SIGINT)
        assert r.wait(PATIENCE) == 0
        assert t.wait(PATIENCE) == 0, t.stderr.read()
    finally:
        for p in (r, t):
            if p.poll() is None:
                p.kill()
                p.wait()


def test_reader_of_a_pipe_leaves(probate):
    r = subprocess.Popen([PROBATE, *EXTRA, "record", "-"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    r.stdout.read(96)
    r.stdout.close()
    assert r.wait(PATIENCE) in (0, 4)
    r.stderr.close()


# ---- directories -----------------------------------------------------------------------------------

def segments(path):
    return sorted(p for p in path.iterdir())


def busy(n):
    subprocess.run(["/bin/sh", "-c", f"i=0; while [ $i -lt {n} ]; do /bin/true; i=$((i+1)); done"],
                   check=True)


def test_segments(recorder, tmp_path):
    """By size; each is whole by itself; the oldest go; the order of names is that of events."""
    d, state = tmp_path / "d", tmp_path / "state"
    recorder(state).end()  # a segment begins with all there is: after a storm that is much
    most = max(60, 12 * state.stat().st_size // 1024)
    r = recorder(f"{d}/", "--segment-size", "1K", "--checkpoint", "1", "--max-size", f"{most}K")
    assert d.stat().st_mode & 0o7777 == 0o700
    until = time.monotonic() + 3 * PATIENCE
    first = segments(d)[0]
    while time.monotonic() < until and first.exists():
        busy(20)
    r.end()
    assert not first.exists(), "the oldest segment is still there"
    there = segments(d)
    assert len(there) > 2
    assert sum(p.stat().st_size for p in there) < 2 * most * 1024
    for p in there:
        assert re.fullmatch(r"\d{8}T\d{6}\.\d{3}Z-\d{6}\.prb", p.name)
        assert p.stat().st_mode & 0o7777 == 0o600
        ask("-r", p, "ports", "--json")
    ts = [json.loads(line)["ts"] for line in ask("-r", d, "trace", "--json").stdout.split("\n") if line]
    assert ts == sorted(ts) and ts


def test_missing_segment(recorder, tmp_path):
    d = tmp_path / "d"
    r = recorder(f"{d}/", "--segment-size", "1K", "--checkpoint", "1")
    until = time.monotonic() + 3 * PATIENCE
    while time.monotonic() < until and len(segments(d)) < 7:
        busy(20)
    r.end()
    there = segments(d)
    whole = ask("-r", d, "trace", "--json").stdout.splitlines()
    there[len(there) // 2].unlink()
    done = ask("-r", d, "trace", "--json", codes=(4,))
    assert re.search(r"\d+ events between .* and .* are missing", done.stderr), done.stderr
    got = done.stdout.splitlines()
    lost = [json.loads(x) for x in got if json.loads(x)["event"] == "lost"]
    assert len(lost) == 1 and lost[0]["count"] > 0
    at = got.index(next(x for x in got if json.loads(x)["event"] == "lost"))
    assert got[:at] == whole[:at]
    tail = got[at + 1:]
    assert len(tail) > 10 and set(tail[-10:]) <= set(whole)


def test_other_files_in_the_directory_are_left_alone(recorder, tmp_path):
    d = tmp_path / "d"
    d.mkdir()
    (d / "notes.prb").write_text("mine")
    (d / "20200101T000000.000Z-000001.prb.bak").write_text("mine")
    r = recorder(f"{d}/", "--segment-size", "1K", "--checkpoint", "1", "--max-size", "8K")
    for _ in range(5):
        busy(30)
    r.end()
    assert (d / "notes.prb").read_text() == "mine"
    assert (d / "20200101T000000.000Z-000001.prb.bak").exists()
    ask("-r", d, "ports")


def test_killed(recorder, leak, tmp_path):
    """kill -9: all that was flushed is there, that it was cut is said, exit code 4."""
    path = tmp_path / "x.prb"
    r = recorder(path)
    port = leak()
    port.kill()
    recorded(path, port.port, "leaked")
    r.end(signal.SIGKILL)
    done = ask("-r", path, "--json", "port", port.port, codes=(4,))
    assert "cut off" in done.stderr
    assert json.loads(done.stdout)["sockets"][0]["creator"]["pid"] == port.maker


# ---- a full disk -----------------------------------------------------------------------------------

@pytest.fixture
def small_disk(tmp_path):
    """small_disk(bytes) mounts one."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(size):
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "probate-test",
                               str(disk)], capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        return disk

    yield mount
    subprocess.run(["umount", "-l", str(disk)], check=False)


def a_dump(recorder, path):
    """Bytes of one of the state: they depend on the machine, and on what it just did."""
    recorder(path).end()
    return path.stat().st_size


def fill(disk, leave):
    """A recorder writes meanwhile, too: what is free now may not be in a moment."""
    with open(disk / "ballast", "wb", buffering=0) as f:
        with contextlib.suppress(OSError):
            while f.write(bytes(1 << 16)):
                pass
        f.truncate(max(0, f.tell() - leave))


def test_full_disk_drops_the_oldest(recorder, leak, small_disk, tmp_path):
    d = small_disk(max(256 << 10, 12 * a_dump(recorder, tmp_path / "size.prb"))) / "d"
    r = recorder(f"{d}/", "--segment-size", "1K", "--checkpoint", "1")
    until = time.monotonic() + 4 * PATIENCE
    first = segments(d)[0]
    while time.monotonic() < until and first.exists():
        busy(20)
    assert not first.exists()
    port = leak()
    port.kill()
    recorded(d, port.port, "leaked")
    told = r.end(codes=(0, 4))
    assert "is full: the oldest segments make room" in told


@contextlib.contextmanager
def crowd(n):
    many = subprocess.Popen([os.path.join(os.path.dirname(SCENE), "crowd"), "unix", str(n)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert many.stdout.readline() == b"ready\n"
        yield
    finally:
        many.communicate(b"")


def test_what_cannot_fit_displaces_nothing(recorder, leak, small_disk, tmp_path):
    """Neither a dump nor what the scan before it found: what was recorded earlier stays readable."""
    d = small_disk(max(256 << 10, 12 * a_dump(recorder, tmp_path / "size.prb"))) / "d"
    r = recorder(f"{d}/")
    port = leak()
    port.kill()
    recorded(d, port.port, "leaked")
    r.end()
    fill(d.parent, 64 << 10)
    before = {x: x.read_bytes() for x in segments(d)}
    with crowd(30000):
        r = recorder(f"{d}/", "--segment-size", "1K", "--checkpoint", "1")
        assert r.err.wait(lambda lines: any("too small for a dump" in x for x in lines)), r.err.lines
        busy(20)
        told = r.end(codes=(4,))
    assert "could not be written" in told, told
    assert before and all(x.exists() and x.read_bytes() == old for x, old in before.items())
    done = ask("-r", next(iter(before)), "--json", "port", port.port)
    assert json.loads(done.stdout)["sockets"][0]["creator"]["pid"] == port.maker


def test_full_disk_of_a_file(recorder, leak, small_disk):
    """It stops writing and says so, goes on tracing, and writes again when there is room."""
    disk = small_disk(64 << 20)  # more than the machine does until the ballast is there
    path = disk / "x.prb"
    r = recorder(path)
    fill(disk, 4096)
    until = time.monotonic() + 3 * PATIENCE
    while time.monotonic() < until and not any("cannot write" in x for x in r.err.lines):
        busy(50)
    assert any("No space left" in x and "tracing goes on" in x for x in r.err.lines), r.err.lines
    port = leak()
    (disk / "ballast").unlink()
    assert r.err.wait(lambda l: any("again" in x for x in l))
    port.kill()
    done = None
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:  # what was made while nothing was written is known
        done = ask("-r", path, "--json", "port", port.port, codes=None)
        got = json.loads(done.stdout)["sockets"] if done.stdout else []
        if [s["verdict"] for s in got] == ["leaked"]:
            break
        time.sleep(0.05)
    assert got and got[0]["creator"]["pid"] == port.maker, (done.stdout, done.stderr)
    told = r.end(codes=(4,))
    assert "could not be written" in told
    done = ask("-r", path, "trace", "--json", codes=(4,))
    assert "missing" in done.stderr


# ---- the history of a running recorder ----------------------------------------------------------------

def test_one_shot_knows_the_dead(recorder, leak, tmp_path):
    d, run = tmp_path / "d", tmp_path / "run"
    r = recorder(f"{d}/")
    port = leak()
    port.kill()
    env = {"PROBATE_RUN": str(run)}
    done = ask("--json", "port", port.port, **env)
    assert f"with the history in {d}" in done.stderr
    sock = json.loads(done.stdout)["sockets"][0]
    assert sock["verdict"] == "leaked" and sock["certain"] is True
    assert sock["creator"]["pid"] == port.maker and sock["creator"]["exit"]["signal"] == 9
    assert "with the history" not in ask("-q", "--json", "port", port.port, **env).stderr
    without = json.loads(ask("--no-history", "--json", "port", port.port, **env).stdout)
    assert without["sockets"][0]["creator"] is None
    os.kill(port.holder, signal.SIGKILL)  # what ended a moment ago is over in the answer, too
    assert json.loads(ask("--json", "port", port.port, **env).stdout)["held"] is False
    at = ask("--at", now(), "--json", "port", port.port, codes=(1, 4), **env)
    assert json.loads(at.stdout)["held"] is False
    r.end()
    assert not (run / "recorder.sock").exists()
    alone = ask("--json", "port", port.port, **env)
    assert "history" not in alone.stderr


def test_recorder_goes_on_after_a_restart(recorder, leak, tmp_path):
    """What the first one saw, the second one and who asks it still know."""
    d = tmp_path / "d"
    env = {"PROBATE_RUN": str(tmp_path / "run")}
    first = recorder(f"{d}/")
    port, other = leak(), leak()
    port.kill()
    recorded(d, port.port, "leaked")
    first.end()
    os.kill(other.holder, signal.SIGKILL)  # unseen
    second = recorder(f"{d}/")
    sock = json.loads(ask("--json", "port", port.port, **env).stdout)["sockets"][0]
    assert sock["verdict"] == "leaked" and sock["creator"]["pid"] == port.maker
    seen = json.loads(ask("--json", "port", other.port, **env).stdout)["sockets"][0]
    assert [h["pid"] for h in seen["holders"]] == [other.maker]
    second.end()
    replay = port_at(d, port.port)["sockets"][0]
    assert replay["creator"]["pid"] == port.maker


def test_who_came_while_nobody_watched(recorder, leak, tmp_path):
    """Addresses are used again: what the first recorder held is not mixed with what came since.
    The makers were alive when the second one came, and their credentials say what they made."""
    d = tmp_path / "d"
    recorder(f"{d}/").end()
    ports = [leak() for _ in range(8)]
    second = recorder(f"{d}/")
    for port in ports:
        port.kill()
    recorded(d, ports[-1].port, "leaked")
    second.end()
    for port in ports:
        sock, = port_at(d, port.port)["sockets"]
        assert (sock["creator"]["pid"], sock["opened"], sock["certain"]) == (port.maker, None, False)
        assert [h["pid"] for h in sock["holders"]] == [port.holder]
        doc = json.loads(ask("-r", d, "report", "--json", port.port).stdout)
        held = {h["process"]["pid"] for s in doc["sockets"] for h in s["holders"]}
        assert held == {port.maker, port.holder}


def test_killed_recorder_leaves_no_trap(recorder, tmp_path):
    """A socket nobody listens on any more is no history; the next recorder takes its place."""
    env = {"PROBATE_RUN": str(tmp_path / "run")}
    recorder(f"{tmp_path}/d/").end(signal.SIGKILL)
    assert "history" not in ask("ports", "--json", **env).stderr
    r = recorder(f"{tmp_path}/d/")
    assert "with the history" in ask("ports", "--json", **env).stderr
    r.end()


def test_stopped_recorder_is_not_waited_for(recorder, tmp_path):
    env = {"PROBATE_RUN": str(tmp_path / "run")}
    r = recorder(f"{tmp_path}/d/")
    os.kill(r.proc.pid, signal.SIGSTOP)
    try:
        done = ask("ports", "--json", **env)
        assert "does not answer" in done.stderr
    finally:
        os.kill(r.proc.pid, signal.SIGCONT)
    r.end()


# ---- cutting a piece out ---------------------------------------------------------------------------------

def test_cut_a_piece(recorder, leak, tmp_path):
    path, piece = tmp_path / "x.prb", tmp_path / "piece.prb"
    r = recorder(path)
    first = leak()
    first.kill()
    recorded(path, first.port, "leaked")
    t1 = now()
    second = leak()
    recorded(path, second.port, "shared")
    t2 = now()
    second.kill()
    recorded(path, second.port, "leaked")
    r.end()
    ask("-r", path, "--since", t1, "--until", t2, "record", piece)
    assert port_at(piece, first.port)["sockets"][0]["creator"]["pid"] == first.maker
    assert port_at(piece, second.port)["sockets"][0]["verdict"] == "shared"
    whole = ask("-r", path, "--since", t1, "--until", t2, "trace", "--json").stdout
    assert ask("-r", piece, "trace", "--json").stdout == whole
    assert f'"child":{first.holder}' not in whole and f'"child":{second.holder}' in whole


def test_moments_outside(recorder, tmp_path):
    path = tmp_path / "x.prb"
    recorder(path).end()
    early = ask("-r", path, "--at", "2001-01-01", "ports", codes=(4,))
    assert "nothing was recorded then" in early.stderr and not early.stdout
    late = ask("-r", path, "--at", "2099-01-01", "ports", "--json", codes=(4,))
    assert "ends at" in late.stderr and late.stdout
    never = ask("-r", path, "--since", "2099-01-01", "trace", codes=(4,))
    assert "nothing was recorded then" in never.stderr
