"""Files that are written because their name was given: no link followed, nothing of others written to."""
import os
import signal
import stat
import subprocess
import time

import pytest

from cli_tools import PROBATE, ROOT, cli, running  # noqa: F401 fixtures

NOBODY = 65534
STORY = str(ROOT / "tests/stories/leaked.story")
ROOTS = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def events(cli, tmp_path):  # noqa: F811
    done = cli("-r", STORY, "trace", "--raw")
    path = tmp_path / "events"
    path.write_bytes(done.out)
    return path


@pytest.fixture(params=["-o", "record", "record --force"])
def write(request, cli, events):  # noqa: F811
    def run(path):
        if request.param == "-o":
            return cli("-r", events, "ports", "--json", "-o", path)
        return cli("-r", events, *request.param.split(), path)

    run.forced = "force" in request.param
    run.replaces = request.param != "record"
    return run


def refused(done, path, *words):
    assert done.code == 2, str(done)
    told = done.sentence()
    assert str(path) in told and all(w in told for w in words), told


def test_new_files_are_ours_alone(write, tmp_path):
    old = os.umask(0)
    try:
        done = write(tmp_path / "x")
    finally:
        os.umask(old)
    assert done.code in (0, 1), str(done)
    st = (tmp_path / "x").lstat()
    assert stat.S_ISREG(st.st_mode) and stat.S_IMODE(st.st_mode) == 0o600 and st.st_size
    assert sorted(p.name for p in tmp_path.iterdir()) == ["events", "x"]


def test_ours_is_replaced(write, tmp_path):
    """Whoever has the old one open reads nothing new."""
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o644)
    with open(path) as held:
        done = write(path)
        if not write.replaces:
            refused(done, path, "--force")
            return
        assert done.code in (0, 1), str(done)
        assert held.read() == "old"
    assert path.read_bytes() != b"old" and stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("target", ["there", "dangling"])
def test_links(write, tmp_path, target):
    (tmp_path / "there").write_text("precious")
    link = tmp_path / "x"
    link.symlink_to(tmp_path / target)
    refused(write(link), link, "symbolic link")
    assert (tmp_path / "there").read_text() == "precious" and not (tmp_path / "dangling").exists()


def test_hard_links(write, tmp_path):
    (tmp_path / "there").write_text("precious")
    os.link(tmp_path / "there", tmp_path / "x")
    refused(write(tmp_path / "x"), tmp_path / "x", "hard links" if write.replaces else "")
    assert (tmp_path / "there").read_text() == "precious"


@ROOTS
@pytest.mark.parametrize("kind", ["fifo", "file"])
def test_what_belongs_to_others(write, tmp_path, kind):
    path = tmp_path / "x"
    if kind == "fifo":
        os.mkfifo(path, 0o666)
    else:
        path.touch(0o666)
    os.chown(path, NOBODY, NOBODY)
    with open(path, "rb", buffering=0, opener=lambda p, f: os.open(p, f | os.O_NONBLOCK)) as held:
        refused(write(path), path, "belongs to somebody else")
        assert not held.read()


def test_sockets(write, tmp_path):
    subprocess.run(["python3", "-c", f"import socket; socket.socket(1).bind('{tmp_path}/x')"], check=True)
    refused(write(tmp_path / "x"), tmp_path / "x", "neither a file nor a pipe")


def test_what_cannot_be_written_keeps_the_old(cli, events, tmp_path):  # noqa: F811
    """The answer does not fit, or there is none: what was there stays, and nothing is left."""
    path = tmp_path / "x"
    path.write_text("old")
    done = cli("-r", events, "report", "--html", "-o", path, before=["prlimit", "--fsize=100", "--"])
    assert done.code != 0
    assert path.read_text() == "old"
    done = cli("-r", tmp_path / "missing", "ports", "-o", path)
    assert done.code == 2 and path.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["events", "x"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_what_is_ended_leaves_nothing(tmp_path, how):
    """While it is read, what was there is there; after a signal, too."""
    path, fifo = tmp_path / "x", tmp_path / "in"
    path.write_text("old")
    os.mkfifo(fifo)
    one = subprocess.Popen([PROBATE, "-r", fifo, "ports", "-o", path], stdin=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
    with open(fifo, "wb", buffering=0) as f:  # it reads: the output is open
        f.write(b"1s clock 0 realtime=1795907957000000000\n")
        until = time.monotonic() + 20
        fds = f"/proc/{one.pid}/fd"
        while time.monotonic() < until and not any(
                str(tmp_path) in os.readlink(f"{fds}/{n}") for n in os.listdir(fds) if int(n) > 2):
            time.sleep(0.01)
        one.send_signal(how)
        one.wait(20)
    one.stderr.close()
    assert one.returncode == -how
    assert path.read_text() == "old" and sorted(p.name for p in tmp_path.iterdir()) == ["in", "x"]
