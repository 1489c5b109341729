"""The actors tell the truth and leave nothing: their facts against /proc, without probate."""
import glob
import os
import subprocess
import time

import pytest

from conftest import SCENE, proc_start, proc_state
from truth import holders_of

STEPS = {"fork-exec-dead": 1, "prefork": 1, "clone-files": 1, "t-nsinit-dies": 1}


def scene_names():
    if not os.access(SCENE, os.X_OK):
        return []
    return subprocess.run([SCENE, "--list"], capture_output=True, text=True).stdout.split()


def fd_flags(path):
    with open(path.replace("/fd/", "/fdinfo/")) as f:
        return next(int(line.split()[1], 8) for line in f if line.startswith("flags:"))


def proc_holds(inodes):
    """{inode: {pid: {tid: {fd: cloexec}}}} of every thread on the machine."""
    table = {inode: {} for inode in inodes}
    for path in glob.glob("/proc/[0-9]*/task/[0-9]*/fd/[0-9]*"):
        try:
            target = os.readlink(path)
            inode = int(target[8:-1]) if target.startswith("socket:[") else None
            if inode in table:
                _, _, pid, _, tid, _, fd = path.split("/")
                cloexec = bool(fd_flags(path) & os.O_CLOEXEC)
                table[inode].setdefault(int(pid), {}).setdefault(int(tid), {})[int(fd)] = cloexec
        except (OSError, StopIteration):
            pass
    return table


def holders_in_proc(threads, tid):
    fds = threads.get(tid) if tid else next(iter(threads.values()))
    return sorted(fds), sorted(fd for fd, cloexec in fds.items() if cloexec)


def sockets_check(facts):
    inodes = [s["inode"] for s in facts["sockets"] + facts["gone"] if s["inode"]]
    table = proc_holds(inodes)
    for s in facts["sockets"]:
        if not s["inode"]:
            continue
        told = holders_of(s)
        assert {pid for pid, _ in told} == set(table[s["inode"]]), s
        for (pid, tid), fds in told.items():
            assert holders_in_proc(table[s["inode"]][pid], tid) == fds, s
            if tid:
                assert list(table[s["inode"]][pid]) == [tid], s
        creator = s["creator"]
        if creator["dead"] and creator["pid"] != facts.get("stranger"):
            assert proc_start(creator["pid"]) is None
        if not creator["dead"]:
            assert proc_start(creator["pid"])
    for s in facts["gone"]:
        assert not table[s["inode"]], s


def parent_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        return int(f.read().rsplit(")", 1)[1].split()[1])


@pytest.mark.parametrize("name", scene_names())
def test_facts(scene, name):
    s = scene(name)
    for step in range(STEPS.get(name, 0) + 1):
        if step:
            s.step()
        sockets_check(s.facts)
        for z in s["zombies"]:
            assert (proc_state(z["pid"]), parent_of(z["pid"])) == ("Z", z["ppid"])
        assert all(pid in s.seen for pid in s["pids"])
    if name.startswith("z-") and name not in ("z-headless", "z-ignored", "z-reaped"):
        assert s["zombies"]


@pytest.mark.parametrize("name", [n for n in scene_names()
                                  if n not in ("stopped-holder", "kernel-socket", "z-stuck")])
def test_killed_actor_leaves_nothing(scene, name):
    """All have died; that they are reaped is the business of init, which may take its time.

    But for the stopped, and for the frozen, who die when they are thawed.
    """
    s = scene(name)
    s.proc.kill()
    s.proc.wait()
    s.ended = True

    def living():
        return [pid for pid in s.alive()
                if proc_state(pid) not in (None, "Z") or len(glob.glob(f"/proc/{pid}/task/*")) > 1]

    end = time.monotonic() + 5
    while living() and time.monotonic() < end:
        time.sleep(0.005)
    left = [(pid, proc_state(pid)) for pid in living()]
    s.sweep()
    assert not left
