"""A report stays small however much happened: lists are capped, and what was left out is counted."""
import json
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROBATE = os.environ.get("PROBATE", os.path.join(ROOT, "build", "probate"))
HEAD = """\
1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 exit_signal=17 sigchld=handled name="init"
1s scan_end 0 scope=7 begin=1000000000
2s fork 1 start=2000000000 files=0x200 parent_files=0x1 child=200 parent=1 exit_signal=17
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="server" exe="/srv/server" args=["/srv/server"]
"""
CAPS = {"sockets": 64, "refused": 32, "zombies": 64, "processes": 1024, "losses": 64}


def storm(forks):
    """A port opened and closed for ever by a server whose children inherit it, try to bind it, and die."""
    yield HEAD
    ts, inode = 2_000_000_000, 10_000
    for i in range(forks):
        ts += 1_000_000
        pid, files = 1000 + i % 30_000, 0x1000000 + i
        if i % 50 == 0:
            inode += 1
            sock = f"inode={inode} cookie={inode} proto=tcp"
            yield (f"{ts} socket 200 {sock} state=CLOSE files=0x200 fd=3\n"
                   f"{ts} bind 200 {sock} local=0.0.0.0:8801 state=CLOSE fd=3\n"
                   f"{ts} listen 200 {sock} local=0.0.0.0:8801 state=LISTEN fd=3\n")
        yield (f"{ts} fork 200 start={ts} files={files:#x} parent_files=0x200 child={pid} parent=200"
               " exit_signal=17\n")
        if i % 3 == 0:
            yield (f'{ts + 1000} exec {pid} start={ts} files={files:#x} old_tid={pid} name="job{i % 700}"'
                   f' exe="/bin/job{i % 700}" args=["job"]\n')
        if i % 7 == 0:
            other = f"inode={1_000_000 + i} cookie={1_000_000 + i} proto=tcp"
            yield (f"{ts + 2000} socket {pid} {other} state=CLOSE files={files:#x} fd=9\n"
                   f"{ts + 2000} bind {pid} {other} local=0.0.0.0:8801 state=CLOSE fd=9 error=EADDRINUSE\n")
        yield f"{ts + 500_000} exit {pid} start={ts} files={files:#x} parent=200 code=0\n"
        if i % 100:
            yield f"{ts + 500_000} wait 200 nr={pid}\n"
        if i % 500 == 499:
            yield f"{ts + 600_000} lost 0 count=3\n"
        if i % 50 == 49:
            yield (f"{ts + 600_000} close 200 files=0x200 inode={inode} cookie={inode} fd=3\n"
                   f"{ts + 600_000} destroy 0 inode={inode} cookie={inode}\n")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = tmp_path_factory.mktemp("storm") / "storm.events"
    with open(path, "w", encoding="ascii") as f:
        f.writelines(storm(60_000))
    return str(path)


def run(recorded, tmp_path, *args):
    """(output, KiB at most)"""
    with open(tmp_path / "out", "wb+") as out:
        child = subprocess.Popen([PROBATE, "-q", "-r", recorded, *args], stdout=out, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode in (0, 1, 4)
        out.seek(0)
        return out.read().decode(), usage.ru_maxrss


@pytest.mark.parametrize("args", [["8801"], ["pid", "200"], []], ids=["port", "pid", "machine"])
def test_lists_are_capped(recorded, tmp_path, args):
    out, kib = run(recorded, tmp_path, "report", "--json", *args)
    _, least = run(recorded, tmp_path, "port", "1")
    doc = json.loads(out)
    for name, cap in CAPS.items():
        assert len(doc[name]) <= cap, name
    assert sum(doc["left_out"].values()) > 0
    assert doc["lost"] == 360
    assert sum(len(s["holders"]) for s in doc["sockets"]) <= 1024
    if "/san/" not in PROBATE:
        assert kib - least < 16 << 10


@pytest.mark.parametrize("args", [["8801"], ["pid", "200"], []], ids=["port", "pid", "machine"])
def test_text_and_page_stay_readable(recorded, tmp_path, args):
    text, _ = run(recorded, tmp_path, "report", *args)
    assert len(text.splitlines()) < 700
    assert "Left out" in text
    page, _ = run(recorded, tmp_path, "report", "--html", *args)
    assert len(page) < 2 << 20
    assert "Left out" in page
