"""A datagram socket is used by whoever reads from it, by whatever call, though nobody waits on it now."""
import os
import signal
import socket
import subprocess
import sys

import pytest

MAKER = """
import os, socket, sys
os.set_inheritable(int(sys.argv[2]), True)
kind, at = sys.argv[3:5]
s = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET, socket.SOCK_DGRAM)
s.bind("\\0" + at if kind == "unix" else ("127.0.0.1", 0))
s.set_inheritable(True)
if os.fork() == 0:
    os.execv(sys.executable, [sys.executable, sys.argv[1], sys.argv[2], str(s.fileno()), sys.argv[5]])
os.close(int(sys.argv[2]))
print(os.fstat(s.fileno()).st_ino, s.getsockname()[1], flush=True)
sys.stdin.read()
"""
READER = """
import ctypes, os, signal, socket, sys
told, fd, how = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
os.write(told, b"r")
if how == "read":
    os.read(fd, 10)
elif how == "readv":
    os.readv(fd, [bytearray(10)])
elif how == "preadv2":
    os.preadv(fd, [bytearray(10)], -1)
elif how == "splice":
    r, w = os.pipe()
    os.splice(fd, w, 10)
elif how == "recv":
    s = socket.socket(fileno=fd)
    s.recv(10)
elif how == "uring":
    ring = ctypes.CDLL(None).syscall(425, 1, ctypes.create_string_buffer(120))
    assert ring >= 0
os.write(told, b"u")
signal.pause()
"""


@pytest.fixture
def readers(tmp_path):
    """(how, kind) -> (inode, pid of the reader): it read once, and its maker has ended."""
    for name, text in (("maker.py", MAKER), ("reader.py", READER)):
        (tmp_path / name).write_text(text)
    pids = []

    def make(how, kind):
        r, w = os.pipe()
        at = f"probate-used-{os.getpid()}-{how}"
        p = subprocess.Popen([sys.executable, str(tmp_path / "maker.py"), str(tmp_path / "reader.py"),
                              str(w), kind, at, how], pass_fds=[w], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
        os.close(w)
        inode, where = p.stdout.readline().split(None, 1)
        assert os.read(r, 1) == b"r"
        pid = int(open(f"/proc/{p.pid}/task/{p.pid}/children", encoding="ascii").read())
        pids.append(pid)
        with socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET, socket.SOCK_DGRAM) as c:
            c.sendto(b"x", "\0" + at if kind == "unix" else ("127.0.0.1", int(where)))
        assert os.read(r, 1) == b"u"
        os.close(r)
        p.stdin.close()
        p.wait()
        p.stdout.close()
        return int(inode), pid

    yield make
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


WAYS = [("read", "inet"), ("readv", "inet"), ("preadv2", "unix"), ("splice", "inet"), ("recv", "inet"),
        ("read", "unix"), ("none", "inet"), ("uring", "inet")]


def test_every_read_is_a_use(watch, readers):
    w = watch("ports", "-w", "--json")
    made = {(how, kind): readers(how, kind) for how, kind in WAYS}

    def told(inode):
        rows = [o for o in w.objects if o.get("inode") == inode and not o.get("gone")]
        return rows[-1] if rows else None

    def judged(inode):
        row = told(inode)
        return row and row["verdict"] in ("leaked", "inherited") and row["creator"]["state"] == "dead"

    w.poll(lambda _: all(judged(inode) for inode, _ in made.values()))
    for (how, kind), (inode, pid) in made.items():
        row = told(inode)
        want = {"none": ("leaked", False, True), "uring": ("leaked", None, False)}.get(
            how, ("inherited", True, True))
        holder = row["holders"][0]
        assert holder["pid"] == pid
        assert (row["verdict"], holder["used"], row["certain"]) == want, (how, kind, row)
