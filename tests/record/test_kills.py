"""Recorders and outputs that are ended or fail at any point: nothing lost unsaid, corrupt or left behind.

PROBATE_KILLS: how many are killed; PROBATE_FAULTS: each of so many first calls fails once, instead of
some of them.  More than by themselves is for whoever has the time.
"""
import errno
import os
import random
import signal
import subprocess
import time

import pytest

from conftest import BROKEN, EXTRA, PROBATE, Lines
from test_record import Recorder, ask, leak, recorded, recorder  # noqa: F401 fixtures
from test_trust import failing, faults  # noqa: F401 fixtures

KILLS = int(os.environ.get("PROBATE_KILLS", "20"))
FAULTS = int(os.environ.get("PROBATE_FAULTS", "0"))


def begun(path, run, *args):
    return subprocess.Popen([PROBATE, *EXTRA, "record", *args, f"{path}/"], stdin=subprocess.DEVNULL,
                            env=dict(os.environ, PROBATE_RUN=str(run)), stderr=subprocess.PIPE, text=True)


def test_killed_at_any_point(probate, tmp_path):
    """A kill loses what was not written yet, and the reader says that it was cut; the next goes on."""
    rng = random.Random(1)
    path, run = tmp_path / "rec", tmp_path / "run"
    began = time.monotonic()
    Recorder(f"{path}/", run=run).end()
    life = 1.2 * (time.monotonic() - began)  # so long one takes here from the start to the end
    for i in range(KILLS):
        one = begun(path, run, "--segment-size", "64K")
        time.sleep(rng.uniform(0, life))  # any point of its life will do
        one.kill()
        one.communicate()
    names = {p.name for p in path.iterdir()}
    assert len(names) > 1 and all(n.endswith(".prb") for n in names), names
    last = Recorder(f"{path}/", run=run)
    told = last.end()
    assert "fault" not in told
    done = ask("-r", path, "trace", codes=None)
    assert done.returncode == 4 and "sense" not in done.stderr and "changed" not in done.stderr, done.stderr
    assert ask("-r", path, "ports", codes=None).returncode in (0, 1, 4)
    assert not list(run.iterdir())  # the socket of the killed ones went with the last


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_ended_in_order_at_any_point(probate, tmp_path, how):
    """Whatever happened before the signal is in it, and it ends with its end."""
    rng = random.Random(how)
    run = tmp_path / "run"
    for i in range(max(3, KILLS // 6)):
        path = tmp_path / f"rec{i}"
        one = Recorder(f"{path}/", run=run)
        time.sleep(rng.uniform(0, 0.5))
        subprocess.run(["/bin/true", f"MARK-{i}"], check=True)
        one.end(how)
        done = ask("-r", path, "trace", "--json", "--event=exec", codes=(0,))
        assert f'"MARK-{i}"' in done.stdout and not done.stderr, done.stderr
    assert not list(run.iterdir())


def points(rng, calls):
    """(first call that fails, how many do): one somewhere and all from somewhere on, or each one."""
    if FAULTS:
        return [(first, 1) for first in range(1, FAULTS + 1)]
    return [(rng.randrange(1, calls), count) for count in (1, 1000000)]


def whole_or_said(path, code, told):
    """What could not be written is said by the recorder, and by whoever reads."""
    files = [p for p in path.iterdir()] if path.exists() else []
    assert all(p.suffix == ".prb" for p in files), files
    if not code:
        ask("-r", path, "trace", codes=(0,))
        return
    assert told.strip(), "it failed without a word"
    if any(p.stat().st_size for p in files):
        assert ask("-r", path, "trace", codes=None).returncode in (0, 4)


@pytest.mark.parametrize("call, error", [
    ("write", errno.EIO), ("write", errno.ENOSPC), ("write", errno.EINTR), ("fsync", errno.EIO),
    ("fdatasync", errno.EIO), ("ftruncate", errno.EIO), ("unlinkat", errno.EACCES), ("mmap", errno.ENOMEM),
    ("malloc", errno.ENOMEM)])
def test_calls_that_fail(probate, failing, tmp_path, call, error):  # noqa: F811
    """One of a kind at some point, then all from there on."""
    if "/san/" in PROBATE and call in ("malloc", "mmap"):
        pytest.skip("the sanitizers have their own")
    rng = random.Random(f"{call}{error}")
    for i, (first, count) in enumerate(points(rng, {"malloc": 3000, "mmap": 60}.get(call, 8))):
        if call == "write" and error == errno.EINTR:
            count = 5
        failing(f"{call}:{error}:{first}:{count}" + (f",write:{errno.EIO}:2:3" if call == "ftruncate" else ""))
        path, run = tmp_path / f"rec{i}", tmp_path / f"run{i}"
        one = begun(path, run, "--segment-size", "16K", "--max-size", "64K", "--checkpoint", "1")
        err = Lines(one.stderr)
        err.wait(lambda x: any("recording to" in y for y in x), 30)  # or it ends before
        until = time.monotonic() + 1.2
        while time.monotonic() < until and one.poll() is None:
            subprocess.run(["/bin/true"], check=True, env={})
        one.send_signal(signal.SIGTERM)
        one.wait(60)
        err.thread.join(5)
        told = "\n".join(err.lines)
        for name in "FAULT", "LD_PRELOAD":
            os.environ.pop(name, None)
        assert not BROKEN.search(told), told
        assert one.returncode in (0, 3, 4) or "out of memory" in told, f"{one.returncode}: {told}"
        whole_or_said(path, one.returncode, told)


def exporter_life(path, run):
    """One that records, from its start to its end: (exit code, what it said, whether it came to watch)."""
    one = subprocess.Popen([PROBATE, "serve", "--user", "root", "--web.listen-address=127.0.0.1:0",
                            "--record", f"{path}/", "--segment-size", "16K", "--checkpoint", "1"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                           text=True, env=dict(os.environ, PROBATE_RUN=str(run),
                                               ASAN_OPTIONS="detect_leaks=0"))  # it has given up what that needs
    err = Lines(one.stderr)
    watches = err.wait(lambda lines: any("watching" in line for line in lines), 30)
    for _ in range(3):
        subprocess.run(["/bin/true"], check=True, env={})
    one.send_signal(signal.SIGTERM)
    one.wait(60)
    err.thread.join(5)
    told = "\n".join(err.lines)
    assert not BROKEN.search(told), told
    assert one.returncode in (0, 3, 4), (one.returncode, told)
    assert one.returncode or watches, told
    return one.returncode, told, watches


@pytest.mark.parametrize("call, error, calls", [
    ("malloc", errno.ENOMEM, 8000), ("mmap", errno.ENOMEM, 16), ("write", errno.EIO, 8),
    ("write", errno.ENOSPC, 8), ("fdatasync", errno.EIO, 4), ("renameat", errno.EACCES, 2)])
def test_exporter_with_calls_that_fail(probate, failing, tmp_path, call, error, calls):  # noqa: F811
    """It runs, or says in a sentence why it does not; what it left can be read and begun with."""
    if "/san/" in PROBATE and call in ("malloc", "mmap"):
        pytest.skip("the sanitizers have their own")
    run = tmp_path / "run"
    run.mkdir()
    for i, (first, count) in enumerate(points(random.Random(f"{call}{error}"), calls)):
        failing(f"{call}:{error}:{first}:{count}")
        code, told, _ = exporter_life(tmp_path / f"rec{i}", run)
        for name in "FAULT", "LD_PRELOAD":
            os.environ.pop(name, None)
        whole_or_said(tmp_path / f"rec{i}", code, told)
    code, told, watches = exporter_life(tmp_path / "last", run)
    assert watches and not code, told
    whole_or_said(tmp_path / "last", code, told)


def test_an_output_that_cannot_take_its_name(failing, tmp_path):  # noqa: F811
    """What was there stays, nothing is left beside it, and it is said."""
    out = tmp_path / "x"
    out.write_text("old")
    failing(f"renameat:{errno.EACCES}")
    done = subprocess.run([PROBATE, "doctor", "--json", "-o", out], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 4 and "cannot write" in done.stderr, done.stderr
    assert out.read_text() == "old" and os.listdir(tmp_path) == ["x"]
