"""Names chosen by those who are watched must not reach a terminal as they are.

comm, argv, the path of the program, the working directory, UNIX names: all full of escape
sequences, line ends, bytes that are no UTF-8, characters that turn lines around or hide.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli_tools import PROBATE, cli, live, running  # noqa: F401  fixtures

NASTY = {
    "escape": b"\x1b[2J\x1b]0;owned\x07\x1b[31mred",
    "lines": b"a\nprobate: forged\r\n\tb\x0b\x0c\x08\x08",
    "c1": b"\xc2\x9b31m\xc2\x85\x9b2J\x85\x7f",
    "invalid": b"\xff\xfe\xc3(\xe2\x82\xf0\x9f\x98\xed\xa0\x80\xc0\xaf",
    "bidi": "\u202eevil\u2066\u2069\u200f\u061c".encode(),
    "hidden": "a\u200bb\u200d\ufeff\u2060\u00adc\U000e0041".encode(),
    "quotes": b"\"'\\\\\\x1b\\n`$(id)%s%n{}",
    "all": bytes(range(1, 256)),
}
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e"
                       "\u2060-\u206f\ufeff\U000e0000-\U000e0fff]")
COLOUR = re.compile("\x1b\\[[0-9;]*m")
FORGED = re.compile(r"^(probate: )?forged", re.M)
ACTOR = str(Path(__file__).with_name("actor_hostile.py"))


def clean(raw, terminal=False):
    """The text, which must be fit for a terminal; colours only where there is one."""
    text = raw.decode()  # fails on what is no UTF-8
    bare = COLOUR.sub("", text) if terminal else text
    bad = FORBIDDEN.search(bare)
    assert not bad, repr(bare[max(0, bad.start() - 80):bad.end() + 80])
    assert not FORGED.search(bare), bare
    return bare


def objects(raw):
    """One JSON object a line; nothing else counts as the end of a line."""
    lines = raw.decode().split("\n")
    assert lines.pop() == ""
    return [json.loads(line) for line in lines]


class Actor:
    def __init__(self, name, tmp_path):
        self.bad = NASTY[name]
        # no file name may be longer than 255 bytes, or hold a slash
        file = self.bad.replace(b"/", b"_")
        here = bytes(tmp_path) + b"/" + file[:100]
        os.mkdir(here)
        self.where = here
        self.exe = here + b"/exe" + file[:120]
        shutil.copy(os.path.realpath(sys.executable), self.exe)
        argv = [b"", ACTOR.encode(), self.bad.hex().encode(), here, self.bad, b"", self.bad * 3,
                b"x" * 100000]
        env = dict(os.environ, PYTHONHOME=sys.base_prefix, PYTHONDONTWRITEBYTECODE="1")
        self.proc = subprocess.Popen(argv, executable=self.exe, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, env=env)
        line = self.proc.stdout.readline()
        assert line, "the actor could not begin"
        self.facts = json.loads(line)
        self.port, self.pid = str(self.facts["port"]), str(self.facts["pid"])

    def end(self):
        self.proc.communicate(timeout=10)


@pytest.fixture(scope="module")
def stage(tmp_path_factory, obstacle):
    """All of them at once, by name."""
    if obstacle:
        pytest.skip(obstacle)
    actors = {}
    try:
        for name in NASTY:
            actors[name] = Actor(name, tmp_path_factory.mktemp(name))
        yield actors
    finally:
        for one in actors.values():
            one.end()


TIERS = [[], ["--no-bpf"]]


@pytest.mark.parametrize("tier", TIERS, ids=["bpf", "proc"])
@pytest.mark.parametrize("command", ["ports", "tree", "zombies"])
def test_lists(live, stage, command, tier):
    done = live(command, *tier)
    text = clean(done.out)
    clean(done.err)
    assert done.code == 0, str(done)
    assert clean(live.terminal(command, *tier, columns=132).out, terminal=True)
    found = json.dumps(objects(live(command, "--json", *tier).out))
    for one in stage.values():
        assert one.pid in found
        rows = [x for x in text.split("\n") if f"[{one.pid}]" in x]
        assert rows, text
        if command == "ports":  # three sockets, a row each: none was forged, none broken
            assert len(rows) == 3 and all(x.endswith(" held") for x in rows)


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("tier", TIERS, ids=["bpf", "proc"])
def test_one_thing(live, stage, name, tier):
    one = stage[name]
    for args in ["port", one.port], ["pid", one.pid], ["tree", one.pid]:
        done = live(*args, *tier)
        assert done.code == 0 and one.pid in clean(done.out), str(done)
        assert objects(live(*args, "--json", *tier).out)


@pytest.mark.parametrize("name", NASTY)
def test_names_survive_in_json(live, stage, name):
    """What is valid stays as it is; what is not UTF-8 is replaced."""
    one = stage[name]
    got, = objects(live("pid", one.pid, "--json").out)
    assert got["args"][0] == "" and got["args"][1] == ACTOR
    if one.bad.isascii():
        assert got["comm"] == one.bad[:15].decode()
        assert got["args"][4] == one.bad.decode() and got["exe"] == one.exe.decode()[:255]


@pytest.mark.parametrize("name", NASTY)
def test_query_by_a_hostile_name(live, stage, name):
    """Asked from where it was bound, the relative path is that file; from elsewhere it is no port taken here."""
    one = stage[name]
    query = b"unix:" + one.bad.replace(b"/", b"_").replace(b"\0", b"_")[:60]
    done = live(b"port", query, cwd=one.where)
    assert done.code == 0 and one.pid in clean(done.out), str(done)
    done = live(b"port", query)
    assert done.code == 1 and one.pid in clean(done.out), str(done)


def test_doctor(live, stage):
    clean(live("doctor").out)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, obstacle):
    """All actors begin, act and end under `trace --raw`; the story of it."""
    if obstacle:
        pytest.skip(obstacle)
    where = tmp_path_factory.mktemp("raw")
    story, script = where / "story", where / "script.py"
    script.write_text(f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
import test_hostile
actors = []
for name in test_hostile.NASTY:
    d = Path({str(where)!r}, name)
    d.mkdir()
    actors.append(test_hostile.Actor(name, d))
for a in actors:
    a.end()
""")
    done = subprocess.run([PROBATE, "trace", "--raw", "-o", str(story), "--", "/usr/bin/python3",
                           str(script)], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    assert done.returncode == 0, done
    return str(story)


def test_raw_is_clean(recorded):
    with open(recorded, "rb") as f:
        raw = f.read()
    clean(raw)
    assert len(raw) > 10000


def about(args, recorded):
    """The arguments with the pid of the command that was followed for PID."""
    with open(recorded, encoding="utf-8", errors="surrogateescape", newline="\n") as f:
        first = next(line.split()[2] for line in f if " exec " in line)
    return [first.split("/")[0] if a == "PID" else a for a in args]


@pytest.mark.parametrize("args", [["ports"], ["tree"], ["zombies"], ["trace"], ["pid", "PID"]],
                         ids=" ".join)
def test_raw_replays(cli, recorded, args):
    """No line was broken, in text and in JSON; and what is written again is the same."""
    args = about(args, recorded)
    text = cli("-r", recorded, *args)
    assert text.code == 0 and not text.err, str(text)
    clean(text.out)
    clean(cli.terminal("-r", recorded, *args).out, terminal=True)
    assert objects(cli("-r", recorded, *args, "--json").out) is not None


def test_raw_of_raw(cli, recorded, tmp_path):
    again = tmp_path / "again"
    assert cli("-r", recorded, "trace", "--raw", "-o", str(again)).code == 0
    for args in ["ports", "--json"], ["tree", "--json"], ["trace", "--json"]:
        assert cli("-r", str(again), *args).out == cli("-r", recorded, *args).out


@pytest.fixture(scope="module")
def tape(recorded, tmp_path_factory):
    """The same as a recording, whose file is called by a hostile name, too."""
    path = os.path.join(os.fsencode(tmp_path_factory.mktemp("tape")), NASTY["escape"] + b".prb")
    done = subprocess.run([PROBATE, "-r", recorded, "record", path], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=20)
    assert done.returncode == 0, done
    return path


@pytest.mark.parametrize("args", [["ports"], ["tree"], ["zombies"], ["trace"], ["report"],
                                  ["report", "pid", "PID"]], ids=" ".join)
def test_recording_replays(cli, recorded, tape, args):
    args = about(args, recorded)
    text = cli("-r", tape, *args)
    assert text.code == 0 and not text.err, str(text)
    clean(text.out)
    clean(cli.terminal("-r", tape, *args).out, terminal=True)
    for more in [], ["--json"]:
        assert cli("-r", tape, *args, *more).out == cli("-r", recorded, *args, *more).out
    assert objects(cli("-r", tape, *args, "--json").out) is not None


def test_damaged_recording_is_named_safely(cli, tape, tmp_path):
    with open(tape, "rb") as f:
        whole = f.read()
    with open(tape + b"2", "wb") as f:
        f.write(whole[:-50])
    done = cli("-r", tape + b"2", "ports")
    assert done.code == 4 and "cut off" in clean(done.err)
    clean(cli("-r", tape + b"2", "--at", "2001-01-01", "ports").err)
    clean(cli("record", tape).err)
    clean(cli("-r", tape + b"3", "ports").err)


def test_page_and_trace_of_a_recording(cli, tape, tmp_path):
    """Nothing of it becomes markup; no name is in the Perfetto trace as it was."""
    page = clean(cli("-r", tape, "report", "--html").out)
    markup = re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    assert "<script" not in markup and "onerror" not in re.sub(r">[^<]*<", "><", markup)
    assert "Content-Security-Policy" in markup
    out = tmp_path / "x.pf"
    assert cli("-r", tape, "report", "--perfetto", "-o", str(out)).code == 0
    assert NASTY["escape"] not in out.read_bytes() and NASTY["bidi"] not in out.read_bytes()


def test_trace_says_it_all(cli, recorded):
    events = objects(cli("-r", recorded, "trace", "--json").out)
    lines = clean(cli("-r", recorded, "trace").out).rstrip("\n").split("\n")
    assert len(lines) == len(events)  # an event a line: nothing was forged or broken
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3} ", x) for x in lines)
    execs = [e for e in events if e["event"] == "exec" and ACTOR in e["args"]]
    assert len(execs) == len(NASTY)
    assert all(e["args"][0] == "" and e["args_truncated"] for e in execs)
    assert any(e["event"] == "bind" and "forged" in json.dumps(e) for e in events)


def test_live_answers_equal_replayed_ones(live, running, stage, tmp_path):
    """`trace --raw` begins with all that is there: a replay knows what a one-shot knows."""
    story = tmp_path / "story"
    one = running("trace", "--raw", "-o", str(story))
    assert one.end(signal.SIGINT).code == 0
    pids = {int(a.pid) for a in stage.values()}

    def sockets(raw):
        return [(o["local"], o["inode"], o["state"], o["uid"],
                 [(h["pid"], h["comm"], h["exe"], h["args"], h["fds"]) for h in o["holders"]])
                for o in objects(raw) if pids & {h["pid"] for h in o["holders"]}]

    now = sockets(live("ports", "--json").out)
    assert len(now) == 3 * len(NASTY)
    assert now == sockets(live("-r", str(story), "ports", "--json").out)
