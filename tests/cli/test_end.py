"""The end that is asked for: at once, whatever is under way, and with all that belongs to it."""
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli_tools import PROBATE, cli, environment, live, running, wait  # noqa: F401

ANSWERED, INCOMPLETE = 0, 4
AT_ONCE = 20    # s; what hangs does so for ever


def ended(one, codes=(ANSWERED,)):
    begin = time.monotonic()
    done = one.end()
    assert done.code in codes, str(done)
    assert time.monotonic() - begin < AT_ONCE
    return done


def execs_in(path):
    done = subprocess.run([PROBATE, "-r", path, "trace", "--raw"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, env=environment())
    assert done.returncode == ANSWERED and not done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("gap", [0, 0.002, 0.02])
@pytest.mark.parametrize("place", ["dir/", "file.prb"])
def test_second_signal_cuts_nothing(running, tmp_path, place, gap):
    """timeout(1) signals its child, and then all of its group."""
    path = f"{tmp_path}/{place}"
    one = running("record", path, ready=False)
    one.until(b"recording to")
    subprocess.run(["/bin/true", "the-last-of-all"], check=True)
    for sig in signal.SIGTERM, signal.SIGTERM, signal.SIGHUP, signal.SIGINT:
        one.proc.send_signal(sig)
        if one.proc.poll() is not None:
            break
        time.sleep(gap)
    done = ended(one)
    assert not [x for x in done.sentences() if not re.search("recording to|one-shot", x)], str(done)
    assert "the-last-of-all" in execs_in(path)


@pytest.fixture
def busy():
    """Something happens all the time."""
    code = "import socket\nwhile True:\n socket.socket().close()"
    proc = subprocess.Popen([sys.executable, "-c", code])
    yield proc
    proc.kill()
    proc.wait()


def full_pipe(size=4096):
    r, w = os.pipe()
    fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, size)
    return r, w


def writes_in_vain(proc):
    """Does a thread of it sleep in a write to a pipe?  What of a page is free may not hold its next lines."""
    return any(b"pipe_write" in Path(t, "wchan").read_bytes()
               for t in Path(f"/proc/{proc.pid}/task").iterdir())


def trickle(r, proc):
    """Reads, but never as fast as it is written."""
    while proc.poll() is None:
        os.read(r, 64)
        time.sleep(0.01)


@pytest.mark.parametrize("reads", [False, True], ids=["asleep", "slow"])
@pytest.mark.parametrize("line", ["trace", "trace --raw", "trace --json --record REC"])
def test_slow_reader_keeps_nobody(running, wait, busy, tmp_path, line, reads):
    rec = str(tmp_path / "rec.prb")
    r, w = full_pipe()
    one = running(*line.replace("REC", rec).split(), out=w, ready=False)
    os.close(w)
    try:
        wait(lambda: writes_in_vain(one.proc), "a full pipe")
        one.proc.send_signal(signal.SIGTERM)
        if reads:
            begin = time.monotonic()
            trickle(r, one.proc)
            assert time.monotonic() - begin < AT_ONCE
        ended(one, (ANSWERED, INCOMPLETE))
        if "REC" in line:
            done = subprocess.run([PROBATE, "-r", rec, "trace", "--raw"], capture_output=True,
                                  stdin=subprocess.DEVNULL, env=environment())
            assert b"cut off" not in done.stderr and done.stdout
    finally:
        os.close(r)


def caught(proc, sig):
    """Has the signal been taken?"""
    state = Path(f"/proc/{proc.pid}/status").read_text()
    return not any(int(p, 16) >> (sig - 1) & 1 for p in re.findall(r"^(?:Shd|Sig)Pnd:\t(\w+)", state, re.M))


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_who_reads_on_gets_whole_lines(running, wait, busy, sig):
    """The signal ends a write in the middle; the reader was only slow."""
    r, w = full_pipe()
    one = running("trace", "--json", out=w, ready=False)
    os.close(w)
    try:
        wait(lambda: writes_in_vain(one.proc), "a full pipe")
        one.proc.send_signal(sig)
        wait(lambda: caught(one.proc, sig), "the signal's being taken")
        with os.fdopen(os.dup(r), "rb") as f:
            said = f.read()
        ended(one, (ANSWERED, INCOMPLETE))
        lines = said.splitlines(True)
        if one.proc.returncode == INCOMPLETE:  # on a machine so busy that we came late it says that it cut it off
            lines.pop()
        assert lines and all(line.endswith(b"}\n") and json.loads(line) for line in lines), said[-200:]
    finally:
        os.close(r)


def test_recording_to_a_pipe_nobody_reads(running, busy):
    r, w = full_pipe()
    one = running("record", "-", out=w, ready=False)
    os.close(w)
    try:
        one.until(b"recording to")
        one.proc.send_signal(signal.SIGTERM)
        done = ended(one, (INCOMPLETE,))
        assert any("cut off" in x for x in done.sentences())
    finally:
        os.close(r)


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
@pytest.mark.parametrize("line", ["trace", "record DIR/", "ports -w"])
def test_in_the_background_of_a_script(running, tmp_path, line, sig):
    """There SIGINT is ignored when we start: that is said, and the end is obeyed."""
    one = running(*line.replace("DIR", str(tmp_path / "d")).split(), ready=False,
                  preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    one.until(b"watching" if "record" not in line else b"recording to")
    one.proc.send_signal(sig)
    said = ended(one).err
    assert len(re.findall(b"SIGINT was ignored", said)) == 1


def test_many_rows(running, tmp_path):
    """A scan of a great many descriptors is not waited for."""
    code = ("import os,resource,signal\n"
            "resource.setrlimit(resource.RLIMIT_NOFILE,(20000,20000))\n"
            "import socket\ns=socket.socket()\n"
            "for i in range(19000): os.dup(s.fileno())\n"
            "[os.fork() for i in range(3)]\n"
            "os.write(1, b'r')\nsignal.pause()")
    many = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                            start_new_session=True)
    try:
        assert many.stdout.read(8) == 8 * b"r"
        one = running("record", f"{tmp_path}/d/", ready=False)
        one.until(b"recording to")
        one.proc.send_signal(signal.SIGTERM)
        ended(one, (ANSWERED, INCOMPLETE))
    finally:
        os.killpg(many.pid, signal.SIGKILL)
        many.wait()
        many.stdout.close()


def niceness(one):
    with open(f"/proc/{one.pid}/task/{one.pid}/stat") as f:
        return int(f.read().rsplit(")", 1)[1].split()[16])


def test_first_only_while_the_ring_fills(running, wait, busy, tmp_path):
    """Who watches is not to take the machine; in a storm it goes first, or events are lost."""
    one = running("record", f"{tmp_path}/d/", "--buffer", "1M", ready=False)
    one.until(b"recording to")
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    wait(lambda: niceness(one) < usual, "a higher priority", 20)
    busy.kill()
    wait(lambda: niceness(one) == usual, "the usual priority", 40)
    one.end(signal.SIGTERM)
