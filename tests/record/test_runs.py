"""Recordings of more than one life of a recorder, and copies: made of stories, no root needed."""
import json
import os
import re
import struct
import subprocess

import pytest

from conftest import BROKEN, PROBATE

HEAD = struct.Struct("<8sIHHBBHIIIII7Q")


def story(boot_s, wall, port, pid):
    """A machine that is up for boot_s at this time: a server listens, and half a minute goes by."""
    start = boot_s * 10**9
    lines = [
        f"{boot_s}s clock 0 realtime={wall * 10**9}",
        f"{boot_s}s source 0 caps=3 filter=0xffffffffffffffff",
        f"{boot_s}s scan_begin 0 scope=7",
        f"{boot_s}s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 "
        'netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"',
        f"{boot_s}s scan_end 0 scope=7 begin={start}",
        f"{boot_s + 1}s fork 1 start={start + 10**9} files=0x200 parent_files=0x1 child={pid} "
        "parent=1 uid=0 exit_signal=17 pidns=4026531836",
        f"{boot_s + 2}s socket {pid} inode={port} cookie={port} netns=4026531840 uid=0 proto=tcp "
        "state=CLOSE files=0x200 fd=3 cloexec=1",
        f"{boot_s + 2}s listen {pid} inode={port} cookie={port} netns=4026531840 uid=0 proto=tcp "
        f"local=0.0.0.0:{port} state=LISTEN fd=3 backlog=128",
    ]
    lines += [f"{boot_s + 3 + n}s tick 0" for n in range(30)]
    return "\n".join(lines) + "\n"


T1, T2 = 1795262400, 1795266000  # 12:00 and 13:00 UTC; the second machine is up for less time
A = story(100000, T1, 8801, 200)
B = story(10, T2, 9901, 300)


def ask(*args, code=0, stdin=""):
    done = subprocess.run([PROBATE, *map(str, args)], input=stdin, capture_output=True, text=True,
                          timeout=60, env=dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8"))
    assert not BROKEN.search(done.stderr), done.stderr
    assert done.returncode == code, f"{args}: exit {done.returncode}: {done.stderr}"
    return done


def blocks(path):
    """[(offset, length, type, flags, seq)]"""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        h = HEAD.unpack_from(data, at)
        length = h[3] + h[7]
        found.append((at, length, chr(h[4]), h[6], h[13]))
        at += length
    return found


def without(path, out, *drop):
    data = path.read_bytes()
    out.write_bytes(b"".join(data[at:at + n] for i, (at, n, *_) in enumerate(blocks(path))
                             if i not in drop))
    return out


@pytest.fixture
def two(tmp_path):
    """(one, other, both in a file)"""
    made = []
    for name, events in ("a", A), ("b", B):
        made.append(tmp_path / f"{name}.prb")
        ask("-r", "-", "--checkpoint", "300", "record", made[-1], stdin=events)
    both = tmp_path / "both.prb"
    both.write_bytes(made[0].read_bytes() + made[1].read_bytes())
    return [*made, both]


def held(path, port, at=None, code=0):
    args = ["--at", f"@{at}"] if at else []
    done = ask("-r", path, *args, "--json", "port", port, code=code)
    return json.loads(done.stdout)["held"], done.stderr


def test_moments_of_both(two):
    both = two[2]
    assert held(both, 8801, T1 + 20)[0] is True
    assert held(both, 8801, T1 + 1, code=1)[0] is False
    assert held(both, 9901, T2 + 20)[0] is True
    assert held(both, 8801, T2 + 20, code=1)[0] is False
    assert held(both, 9901)[0] is True


def test_moment_between_the_two(two):
    """Nobody recorded then: that is said, and no answer is made up."""
    for more in [], ["--json"]:
        done = ask("-r", two[2], "--at", f"@{T1 + 1600}", *more, "port", 8801, code=4)
        assert not done.stdout
        assert re.search(r"nothing was recorded between .*12:00:3\dZ and .*13:00:00Z", done.stderr)


def test_stretch_over_both(two):
    """That nobody was watching in between is in the trace and in the report, not only beside it."""
    assert "nobody was watching" in ask("-r", two[2], "trace").stdout
    told = ask("-r", two[2], "report").stdout
    assert "not watched all the time" in told and "nobody was watching from here on" in told
    losses = json.loads(ask("-r", two[2], "report", "--json").stdout)["losses"]
    assert [(x["count"], x["unwatched"]) for x in losses] == [(0, True)]
    assert "not watched" in ask("-r", two[2], "report", "--html", "9901").stdout


def test_copies_are_not_mixed(two, tmp_path):
    ask("-r", two[0], "record", f"{tmp_path}/d/")
    assert "already" in ask("-r", two[0], "record", f"{tmp_path}/d/", code=2).stderr


def test_nothing_is_no_answer(two, tmp_path):
    stump = tmp_path / "stump.prb"
    stump.write_bytes(two[0].read_bytes()[:500])
    for more in [], ["--json"]:
        done = ask("-r", stump, *more, "port", 8801, code=4)
        assert not done.stdout and done.stderr


def test_since_before_the_beginning(two):
    done = ask("-r", two[0], "--since", "2001-01-01", "trace", "--json", code=4)
    assert "begins at" in done.stderr and done.stdout


def test_copy_of_both(two, tmp_path):
    copy = tmp_path / "copy.prb"
    ask("-r", two[2], "record", copy)
    for args in ["tree", "--json"], ["ports", "--json"], ["trace", "--json"]:
        assert ask("-r", copy, *args).stdout == ask("-r", two[2], *args).stdout


def test_copy_of_a_damaged_one(two, tmp_path):
    """What a later dump makes right again is right in the copy."""
    kinds = blocks(two[1])
    firsts = [i for i, b in enumerate(kinds) if b[2] == "M" and b[3] & 1]
    assert len(firsts) >= 3
    hurt = without(two[1], tmp_path / "hurt.prb", firsts[1] - 1)
    copy = tmp_path / "copy.prb"
    ask("-r", hurt, "record", copy, code=4)
    original = ask("-r", hurt, "ports", "--json", code=4).stdout
    assert json.loads(original)["local"] == "0.0.0.0:9901"
    assert ask("-r", copy, "ports", "--json").stdout == original
    told = json.loads(ask("-r", copy, "report", "--json").stdout)  # what it was made of is not forgotten
    assert told["complete"] is False
    assert "not whole" in ask("-r", copy, "report").stdout


def test_gap_in_the_second(two, tmp_path):
    """Its times are those of its own machine."""
    events = [i for i, b in enumerate(blocks(two[1])) if b[2] == "E"]
    hurt = without(two[1], tmp_path / "hurt.prb", events[-1])
    both = tmp_path / "hurt2.prb"
    both.write_bytes(two[0].read_bytes() + hurt.read_bytes())
    done = ask("-r", both, "trace", "--json", code=4)
    assert re.search(r"between 2026-11-21T13:00:\d\dZ and 2026-11-21T13:00:\d\dZ", done.stderr)
    lost = [e for e in map(json.loads, done.stdout.splitlines()) if e["event"] == "lost" and e["count"]]
    assert len(lost) == 1 and lost[0]["ts"].startswith("2026-11-21T13:00:")


def test_beginning_is_missing(two, tmp_path):
    kinds = blocks(two[0])
    first = next(i for i, b in enumerate(kinds) if b[2] == "M")
    hurt = without(two[0], tmp_path / "hurt.prb", first)
    assert "does not begin with a dump" in ask("-r", hurt, "ports", code=4).stderr


def test_end_of_the_first_is_missing(two, tmp_path):
    last = len(blocks(two[0])) - 1
    hurt = without(two[0], tmp_path / "hurt.prb", last)
    assert "cut off" in ask("-r", hurt, "ports", code=4).stderr
    both = tmp_path / "hurt2.prb"
    both.write_bytes(hurt.read_bytes() + two[1].read_bytes())
    done = ask("-r", both, "ports", code=4)
    assert "what came after" in done.stderr, done.stderr


def test_target_is_kept_when_the_times_are_wrong(two, tmp_path):
    keep = tmp_path / "keep.prb"
    keep.write_bytes(two[0].read_bytes())
    ask("-r", two[1], "--since", "99:99", "record", "--force", keep, code=2)
    assert keep.read_bytes() == two[0].read_bytes()
    new = tmp_path / "new.prb"
    ask("-r", two[1], "--since", "2031-01-01", "record", new, code=4)
    assert not new.exists()


def test_named_pipe(two, tmp_path):
    """As `probate -r <(ssh host cat x.prb) ports`."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(["/bin/sh", "-c", f"exec cat '{two[0]}' > '{fifo}'"]) as feed:
        done = ask("-r", fifo, "ports", "--json")
        assert feed.wait(10) == 0
    assert json.loads(done.stdout)["local"] == "0.0.0.0:8801"


def test_many_heads_that_claim_much(two, tmp_path):
    """A file of heads without the blocks they announce takes no time."""
    data = bytearray(two[0].read_bytes())
    at, n, *_ = next(b for b in blocks(two[0]) if b[2] == "E")
    head = bytes(data[at:at + 96])
    bad = tmp_path / "bad.prb"
    bad.write_bytes((head + bytes(n)) * 20000)
    done = ask("-r", bad, "ports", code=4)
    assert done.stderr.count("\n") < 20


# ---- nothing is called whole that is not ----------------------------------------------------------

@pytest.fixture(params=["cut off", "a hole", "a flipped bit", "earlier than asked"])
def not_whole(request, two, tmp_path):
    """A recording with damage of that kind: options for it, its size before and after."""
    path = tmp_path / "x.prb"
    data = bytearray(two[0].read_bytes())
    heads = [m.start() for m in re.finditer(re.escape(b"\x89PRB\r\n\x1a\n"), bytes(data))]
    if request.param == "cut off":
        data = data[:heads[-1] - 10]
    elif request.param == "a hole":
        del data[heads[2]:heads[3]]
    elif request.param == "a flipped bit":
        data[heads[-1] - 5] ^= 4
    path.write_bytes(data)
    return ["-r", path, *(["--since", "2001-01-01"] if request.param == "earlier than asked" else [])]


def test_no_report_calls_it_whole(not_whole):
    told = json.loads(ask(*not_whole, "report", "--json", code=4).stdout)
    assert told["complete"] is False and any("Incomplete" in x for x in told["limits"])
    for form in [], ["--html"]:
        text = ask(*not_whole, "report", *form, code=4).stdout
        assert "none lost" not in text and "not whole" in text
    trace = subprocess.run([PROBATE, *map(str, not_whole), "report", "--perfetto"],
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert trace.returncode == 4 and b"cut off or damaged" in trace.stdout


@pytest.mark.parametrize("command", ["ports", "zombies", "tree", "port 1"])
def test_no_answer_is_given_as_whole(not_whole, command):
    if "--since" in not_whole:  # a state is of one moment
        not_whole = [*not_whole[:2], "--at", "2099-01-01"]
    assert ask(*not_whole, *command.split(), code=4).stderr
