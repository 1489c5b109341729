"""Evidence that can be trusted: failing disks, hands of others on the files, and whose word is taken."""
import errno
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from conftest import PROBATE, ROOT
from test_record import Recorder, ask, leak, recorded, recorder  # noqa: F401 fixtures

NOBODY = 65534


@pytest.fixture(scope="session")
def faults(tmp_path_factory):
    """What to preload so that calls fail.  The sanitizers want to come first, and allocate themselves."""
    lib = tmp_path_factory.mktemp("faults") / "faults.so"
    san = "/san/" in PROBATE
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", *(["-DNO_MEMORY"] if san else []), "-o", lib,
                    f"{ROOT}/tests/record/faults.c", "-ldl"], check=True)
    asan = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    return f"{asan.stdout.strip()} {lib}" if san else str(lib)


@pytest.fixture
def failing(monkeypatch, faults):
    """Recorders begun from now on fail so."""
    def fail(what):
        monkeypatch.setenv("FAULT", what)
        monkeypatch.setenv("LD_PRELOAD", faults)

    yield fail


def segments(path):
    return sorted(p for p in path.iterdir() if p.suffix == ".prb")


def wait_said(r, words):
    """Something happens all the time, so that blocks are written, until it is said."""
    def there(lines):
        subprocess.run(["true"], check=True)
        return any(words in line for line in lines)

    assert r.err.wait(there), r.err.lines


# ---- the disk ------------------------------------------------------------------------------------

@pytest.mark.parametrize("where", ["rec/", "x.prb"])
def test_failed_syncs_are_said(recorder, failing, tmp_path, where):
    failing(f"fsync:{errno.EIO},fdatasync:{errno.EIO}")
    told = recorder(tmp_path / where if where[-1] != "/" else f"{tmp_path}/{where}").end(codes=(4,))
    assert told.count("cannot sync") == 1 and "may not be whole" in told, told


def test_failed_writes_are_said(recorder, failing, tmp_path):
    failing(f"write:{errno.EIO}:3:2")
    r = recorder(f"{tmp_path}/rec/")
    wait_said(r, "recording to %s again" % (tmp_path / "rec"))
    told = r.end(codes=(4,))
    assert "cannot write to" in told and "could not be written" in told, told
    done = ask("-r", tmp_path / "rec", "trace", codes=(4,))
    assert "missing" in done.stderr or "lost" in done.stderr, done.stderr


# ---- others' hands -------------------------------------------------------------------------------

def test_a_directory_that_is_gone(recorder, tmp_path):
    run = tmp_path / "run"
    r = recorder(f"{tmp_path}/rec/", run=run)
    shutil.rmtree(tmp_path / "rec")
    wait_said(r, "it was removed")
    asked = ask("port", "1", codes=(0, 1, 4), PROBATE_RUN=str(run))
    assert "was removed" in asked.stderr and "its history is not believed" in asked.stderr, asked.stderr
    told = r.end(codes=(4,))
    assert told.count("the directory") == 1, told


def test_a_directory_that_was_replaced(recorder, tmp_path):
    run = tmp_path / "run"
    r = recorder(f"{tmp_path}/rec/", run=run)
    (tmp_path / "rec").rename(tmp_path / "old")
    (tmp_path / "rec").mkdir()
    wait_said(r, "is not kept there any more")
    r.end(codes=(4,))
    assert not segments(tmp_path / "rec") and segments(tmp_path / "old")


def cut(path):
    os.truncate(path, 100)


def grow(path):
    with open(path, "ab") as f:
        f.write(b"x" * 1000)


def replace(path):
    other = path.with_suffix(".other")
    other.write_bytes(b"")
    other.rename(path)


@pytest.mark.parametrize("hand, said", [(os.unlink, "it was removed"), (cut, "cut it short"),
                                        (grow, "somebody else writes"), (replace, "taken its place")])
def test_a_hand_on_the_segment(recorder, leak, tmp_path, hand, said):
    """It is said, and the recording goes on in the next segment; no reader calls it whole."""
    r = recorder(f"{tmp_path}/rec/")
    (first,) = segments(tmp_path / "rec")
    until = time.monotonic() + 20
    while first.stat().st_size < 10000 and time.monotonic() < until:  # what it found is in it
        time.sleep(0.01)
    hand(first)
    wait_said(r, said)
    port = leak()
    recorded(tmp_path / "rec", port.port, "shared")
    told = r.end(codes=(4,))
    assert told.count(said) == 1, told
    assert len(segments(tmp_path / "rec")) == (1 if hand is os.unlink else 2)
    if hand is not os.unlink:  # else it is as if the oldest had made room
        ask("-r", tmp_path / "rec", "trace", codes=(4,))


# ---- whose word is taken -------------------------------------------------------------------------

@pytest.fixture
def answers(tmp_path):
    """Somebody who answers where a recorder would; the path that it answers."""
    held = []

    def serve(path, run, uid=0):
        s = socket.socket(socket.AF_UNIX)
        held.append(s)
        s.bind(f"{run}/recorder.sock")
        os.seteuid(uid)  # whose word it is, the kernel notes at listen()
        try:
            s.listen(8)
        finally:
            os.seteuid(0)

        def loop():
            try:
                while True:
                    c, _ = s.accept()
                    c.sendall(f"{path}\n".encode())
                    c.close()
            except OSError:
                return

        threading.Thread(target=loop, daemon=True).start()

    yield serve
    for s in held:
        s.shutdown(socket.SHUT_RDWR)
        s.close()


@pytest.fixture
def history(recorder, leak, tmp_path):
    """A recording that tells of a leaked port, copied as it is while it is written."""
    r = recorder(f"{tmp_path}/rec/", run=tmp_path / "elsewhere")
    port = leak()
    recorded(tmp_path / "rec", port.port, "shared")
    port.kill()
    recorded(tmp_path / "rec", port.port, "leaked")
    r.end()
    return tmp_path / "rec", port.port


def asked(port, run, sentence, codes=(0, 1)):
    done = ask("--json", "port", port, PROBATE_RUN=str(run), codes=codes)
    assert sentence in done.stderr, done.stderr
    return done


def test_history_is_believed_from_root(history, answers, tmp_path):
    path, port = history
    run = tmp_path / "run"
    run.mkdir(mode=0o755)
    answers(path, run)
    assert '"leaked"' in asked(port, run, "with the history in").stdout


@pytest.mark.parametrize("spoil, sentence", [
    (lambda d: os.chown(d, NOBODY, NOBODY), "belongs to somebody else (uid 65534)"),
    (lambda d: os.chmod(d, 0o777), "can be written by others"),
    (lambda d: os.chown(segments(d)[0], NOBODY, NOBODY), "belongs to somebody else (uid 65534)"),
    (lambda d: os.chmod(segments(d)[0], 0o666), "can be written by others")])
def test_history_that_others_could_write(history, answers, tmp_path, spoil, sentence):
    path, port = history
    run = tmp_path / "run"
    run.mkdir(mode=0o755)
    answers(path, run)
    spoil(path)
    assert '"leaked"' not in asked(port, run, sentence).stdout
    done = ask("record", f"{path}/", codes=(2,), PROBATE_RUN=str(run))
    assert sentence in done.stderr, done.stderr
    done = ask("-r", path, "--json", "port", port)  # who names it may read it
    assert '"leaked"' in done.stdout


def test_who_answers_is_looked_at(history, answers, tmp_path):
    path, port = history
    run = tmp_path / "run"
    run.mkdir(mode=0o755)
    os.chmod(tmp_path, 0o777)
    os.chmod(run, 0o777)
    answers(path, run, uid=NOBODY)
    asked(port, run, "can be written by others")
    os.chmod(run, 0o755)
    asked(port, run, "of uid 65534 answers there")
    os.chown(run, NOBODY, NOBODY)  # in a directory where anybody could have put it
    asked(port, run, "belongs to somebody else (uid 65534)")


def test_a_service_of_its_own_user_is_believed(history, answers, tmp_path):
    """As under DynamicUser=: root made the directory for it, and what it wrote is its own."""
    path, port = history
    run = tmp_path / "run"
    run.mkdir(mode=0o755)
    os.chown(run, NOBODY, NOBODY)
    answers(path, run, uid=NOBODY)
    for one in [path, *segments(path)]:
        os.chown(one, NOBODY, NOBODY)
    if os.stat(tmp_path).st_uid or os.stat(tmp_path).st_mode & 0o022:
        pytest.skip("the tests' directory is not root's alone")
    assert '"leaked"' in asked(port, run, "with the history in").stdout


# ---- one user's flood ----------------------------------------------------------------------------

# Copies and closes as fast as it goes until it is told to stop, then listens, and tells the port.
FLOOD = """
import os, select, socket, sys
kind = sys.argv[1]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("going", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    for _ in range(1000):
        if kind == "dup":
            os.close(os.dup(s.fileno()))
        else:
            socket.socket(socket.AF_UNIX).close()
sys.stdin.readline()
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("kind", ["dup", "socket"])
def test_one_users_flood(recorder, leak, tmp_path, kind):
    """It takes little of the recording, nothing of others', and is told; afterwards all is right."""
    r = recorder(f"{tmp_path}/rec/")
    flood = subprocess.Popen([sys.executable, "-c", FLOOD, kind], stdin=subprocess.PIPE, user=NOBODY,
                             group=NOBODY, extra_groups=[], stdout=subprocess.PIPE, text=True)
    try:
        assert flood.stdout.readline() == "going\n"
        assert r.err.wait(lambda lines: any(f"uid {NOBODY} makes more events" in x for x in lines))
        port = leak()  # of root, in the midst of it
        recorded(tmp_path / "rec", port.port, "shared")
        flood.stdin.write("\n")
        flood.stdin.flush()
        own = int(flood.stdout.readline())
        got = recorded(tmp_path / "rec", own, "owned") if kind == "dup" else None
        assert not got or got["sockets"][0]["holders"][0]["pid"] == flood.pid
    finally:
        flood.kill()
        flood.communicate()
    told = r.end(codes=(0, 4))
    (held,) = re.findall(rf"uid {NOBODY}: (\d+) events held back", told)
    raw = ask("-r", tmp_path / "rec", "trace", "--raw", codes=None).stdout
    assert 0 < len(re.findall(r"^\S+ scan_begin ", raw, re.M)) < 15  # it is made good now and then, not all the time
    lines = [json.loads(x) for x in ask("-r", tmp_path / "rec", "trace", "--json", "--event=held",
                                        codes=None).stdout.splitlines()]
    assert lines and {x["uid"] for x in lines} == {NOBODY} and sum(x["count"] for x in lines) == int(held)
    trace = ask("-r", tmp_path / "rec", "trace", "--json", "--event=install", codes=None).stdout
    assert sum(json.loads(x)["pid"] == flood.pid for x in trace.splitlines()) < 40000
    text = ask("-r", tmp_path / "rec", "pid", flood.pid, codes=None).stdout
    assert f"uid {NOBODY}: " in text and "held back" in text, text
    whole = json.loads(ask("-r", tmp_path / "rec", "report", "--json", codes=None).stdout)
    assert whole["held_back"] == int(held) and whole["complete"] is False
