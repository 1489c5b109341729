"""A path is found by its file, not by the string that was given to bind()."""
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HOLDER = """
import os, socket, sys
os.chdir(sys.argv[1])
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[2])
s.listen()
print("bound", flush=True)
sys.stdin.read()
"""


class Holder:
    """A process that listens at a path, given from a directory."""

    def __init__(self, where, path, *before):
        self.proc = subprocess.Popen([*before, sys.executable, "-c", HOLDER, str(where), str(path)],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.proc.stdout.readline() == "bound\n"
        self.pid = self.proc.pid

    def end(self, sig=signal.SIGKILL):
        self.proc.send_signal(sig)
        self.proc.wait()
        self.proc.stdin.close()
        self.proc.stdout.close()


@pytest.fixture
def holder():
    made = []

    def start(*args):
        made.append(Holder(*args))
        return made[-1]

    yield start
    for one in made:
        if one.proc.poll() is None:
            one.end()


def bind_fails(path):
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.bind(str(path))
        except OSError:
            return True
        os.unlink(path)
        return False


def asked(probate, path, options=()):
    """The answer, which must agree with what bind() meets."""
    got = probate(*options, "port", "--json", path)
    answer = got.one()
    assert answer["held"] == bind_fails(path) and got.code == int(not answer["held"])
    reached = [s for s in answer["sockets"] if not s["unreached"]]
    return answer, [h["pid"] for s in reached for h in s["holders"]]


TIERS = pytest.mark.parametrize("options", [(), ("--no-bpf",)], ids=["bpf", "proc"])


@TIERS
def test_many_ways_to_one_file(probate, holder, tmp_path, options):
    os.mkdir(tmp_path / "run")
    os.symlink("run", tmp_path / "var-run")
    relative = holder(tmp_path, "app.sock")
    linked = holder(tmp_path, tmp_path / "var-run/fpm.sock")
    renamed = holder(tmp_path, tmp_path / "cm.Xy12")
    os.link(tmp_path / "cm.Xy12", tmp_path / "cm")
    os.unlink(tmp_path / "cm.Xy12")
    os.symlink("app.sock", tmp_path / "link.sock")
    for path, who in (("app.sock", relative), ("run/fpm.sock", linked), ("var-run/fpm.sock", linked),
                      ("cm", renamed), ("link.sock", relative)):
        assert asked(probate, tmp_path / path, options)[1] == [who.pid], path
    answer, pids = asked(probate, tmp_path / "cm.Xy12", options)
    assert not answer["held"] and not pids
    assert [s["unreached"] for s in answer["sockets"]] == ["moved"]


@TIERS
def test_what_is_left(probate, holder, tmp_path, options):
    path = tmp_path / "stale.sock"
    holder(tmp_path, path).end()
    answer, pids = asked(probate, path, options)
    assert answer["held"] and answer["file"]["socket"] and not answer["sockets"]
    text = subprocess.run([probate.path, *options, "port", str(path)], capture_output=True, text=True,
                          timeout=20).stdout
    assert "ECONNREFUSED" in text and "Remove the file" in text
    os.unlink(path)
    assert not asked(probate, path, options)[0]["held"]
    path.write_text("no socket")
    answer, pids = asked(probate, path, options)
    assert answer["held"] and not answer["file"]["socket"] and not pids
    path.unlink()
    os.symlink("nowhere", path)
    assert asked(probate, path, options)[0]["held"]


CONNECTED = """
import socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1].replace("@", chr(0)))
listener.listen()
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1].replace("@", chr(0)))
server, _ = listener.accept()
listener.close()
print("closed", flush=True)
time.sleep(600)
"""


@TIERS
def test_connections_keep_no_path(probate, tmp_path, options):
    """The listener is gone, what it accepted is not: the file remains, and the end of those would not free it."""
    path = tmp_path / "old.sock"
    with subprocess.Popen(["/usr/bin/python3", "-c", CONNECTED, str(path)], stdout=subprocess.PIPE) as held:
        try:
            held.stdout.readline()
            answer, pids = asked(probate, path, options)
            text = subprocess.run([probate.path, *options, "port", str(path)], capture_output=True, text=True,
                                  timeout=20).stdout
        finally:
            held.kill()
    assert answer["held"] and not pids
    assert {s["unreached"] for s in answer["sockets"]} <= {"connection"}
    assert "nothing listens" in text and "Remove the file" in text and "stop " not in text.lower()
    path.unlink()
    assert not asked(probate, path, options)[0]["held"]


def test_where_no_file_can_be(probate, tmp_path):
    """No directory, or none in the middle of the path; a directory itself; a path from here."""
    (tmp_path / "plain").write_text("")
    for path, error in (("no/x", "ENOENT"), ("plain/x", "ENOTDIR"), ("new/", "ENOENT")):
        text = subprocess.run([probate.path, "port", f"{tmp_path}/{path}"], capture_output=True, text=True,
                              timeout=20).stdout
        assert bind_fails(f"{tmp_path}/{path}") and error in text and "it is free" not in text
    text = subprocess.run([probate.path, "port", str(tmp_path)], capture_output=True, text=True, timeout=20).stdout
    assert "is a directory" in text and "Remove" not in text
    text = subprocess.run([probate.path, "port", "./plain"], capture_output=True, text=True, timeout=20, cwd=tmp_path)
    assert "is no socket" in text.stdout, text.stderr


def test_a_file_that_was_replaced(probate, holder, watch, tmp_path):
    """Two sockets of one name: who is reached by it, and who by nobody."""
    path = tmp_path / "re.sock"
    watcher = watch("ports", "-w", "--json")
    old = holder(tmp_path, path)
    os.unlink(path)
    new = holder(tmp_path, path)
    answer, pids = asked(probate, path)
    assert pids == [new.pid]
    lost = [s for s in answer["sockets"] if s["unreached"]]
    assert [s["unreached"] for s in lost] == ["removed"]
    assert [h["pid"] for h in lost[0]["holders"]] == [old.pid]
    assert "nobody can connect to it" in lost[0]["why"]
    watcher.wait_for(lambda s: s.get("inode") == lost[0]["inode"]
                     and "nobody can connect to it" in s["why"], timeout=30)
    new.end()
    answer, pids = asked(probate, path)  # the file is still there
    assert answer["held"] and not pids
    os.unlink(path)
    answer, pids = asked(probate, path)
    assert not answer["held"] and not pids and len(answer["sockets"]) == 1


@pytest.fixture
def private_place():
    """A directory on a mount, which can be made private to a namespace also where the root of a chroot cannot."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        yield Path(place), ["unshare", "-m", "--propagation", "unchanged", "sh", "-c"]


def test_in_another_mount_namespace(probate, holder, private_place):
    """The same string is another file there; a bind mount is the same file by another name."""
    place, alone = private_place
    here, there = place / "here", place / "there"
    here.mkdir()
    there.mkdir()
    path = here / "x.sock"
    other = holder(place, path, *alone,
                   f"mount --make-rprivate /dev/shm && mount -t tmpfs none {here} && exec \"$@\"", "sh")
    mine = holder(place, path)
    bound = holder(place, there / "y.sock", *alone,
                   f"mount --make-rprivate /dev/shm && mount --bind {here} {there} && exec \"$@\"", "sh")
    answer, pids = asked(probate, path)
    assert pids == [mine.pid]
    assert [(s["unreached"], s["holders"][0]["pid"]) for s in answer["sockets"] if s["unreached"]] \
        == [("mount_namespace", other.pid)]
    assert asked(probate, here / "y.sock")[1] == [bound.pid]
