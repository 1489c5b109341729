"""Stories: a file of events and the answer of each view, replayed through `probate -r`; no root needed.

A story is events in their text form, then sections:

    === port 8801             a command line; VAR=VALUE words before it go into the environment
    ...                       what it must print, exactly; with --json compared as JSON values
    === exit 1                its exit code, 0 where this line is missing

PROBATE names the program.  STORIES=accept rewrites the expected answers with what was printed:
read the difference before you commit it.
"""
import json
import os
import re
import subprocess

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
PROBATE = os.environ.get("PROBATE", os.path.join(HERE, "..", "..", "build", "probate"))
ACCEPT = os.environ.get("STORIES") == "accept"


class Ask:
    """One command of a story and what it must answer."""

    def __init__(self, head):
        words = head.split()
        self.head = head
        self.env = dict(w.split("=", 1) for w in words if re.match(r"[A-Z_]+=", w))
        self.args = [w for w in words if not re.match(r"[A-Z_]+=", w)]
        self.lines, self.code = [], 0

    @property
    def expected(self):
        return "\n".join(self.lines).strip("\n")

    @property
    def is_json(self):
        return "--json" in self.args

    def written(self, out, code):
        text = f"=== {self.head}\n{out}\n" if out else f"=== {self.head}\n"
        return text + (f"=== exit {code}\n" if code else "")


def story_read(path):
    """(events, asks)"""
    events, asks = [], []
    with open(path, encoding="utf-8") as f:
        for line in f.read().split("\n"):
            if line.startswith("=== exit "):
                asks[-1].code = int(line[9:])
            elif line.startswith("=== "):
                asks.append(Ask(line[4:]))
            else:
                (asks[-1].lines if asks else events).append(line)
    return "\n".join(events), asks


def stories():
    return sorted(f[:-6] for f in os.listdir(HERE) if f.endswith(".story"))


def values(text):
    """All JSON values of a text, one after the other however they are broken into lines."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


def pretty(text):
    """JSON for people: what fits a line stays on one."""
    def put(v, indent):
        flat = json.dumps(v, ensure_ascii=False)
        if len(flat) + indent <= 96 or not isinstance(v, (dict, list)) or not v:
            return flat
        pad = " " * (indent + 1)
        if isinstance(v, list):
            return "[" + (",\n" + pad).join(put(x, indent + 1) for x in v) + "]"
        return "{" + (",\n" + pad).join(
            json.dumps(k, ensure_ascii=False) + ": " + put(x, indent + 3) for k, x in v.items()) + "}"
    return "\n".join(put(v, 0) for v in values(text))


def run(events, ask, source="-"):
    env = {"PATH": os.environ.get("PATH", ""), "TZ": "UTC", "LC_ALL": "C.UTF-8", "COLUMNS": "80"}
    env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    env.update(ask.env)
    done = subprocess.run([PROBATE, "-r", source, *ask.args], input=events.encode(), env=env,
                          capture_output=True, timeout=60)
    out = done.stdout.decode("utf-8")  # fails on hostile bytes, as it should
    return out, done.returncode, done.stderr.decode("utf-8", "replace")


@pytest.mark.parametrize("name", stories())
def test_story(name):
    path = os.path.join(HERE, name + ".story")
    events, asks = story_read(path)
    answers, wrong = [], []
    assert asks, "a story asks nothing"
    for ask in asks:
        out, code, err = run(events, ask)
        assert code >= 0 and "Sanitizer" not in err and "Assert" not in err, f"{ask.head}: {err}"
        shown = pretty(out) if ask.is_json else out.strip("\n")
        answers.append((ask, shown, code))
        same = values(out) == values(ask.expected) if ask.is_json else shown == ask.expected
        if not same or code != ask.code:
            wrong.append(f"=== {ask.head}\n--- expected, exit {ask.code}\n{ask.expected}\n"
                         f"--- got, exit {code}\n{shown}\n{err}")
    if ACCEPT:
        with open(path, "w", encoding="utf-8") as f:
            f.write(events.rstrip("\n") + "\n")
            for ask, shown, code in answers:
                f.write("\n" + ask.written(shown, code))
        return
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", stories())
def test_one_screen_wide(name):
    """Text fits 80 columns and carries no control character."""
    events, asks = story_read(os.path.join(HERE, name + ".story"))
    for ask in asks:
        if ask.is_json:
            continue
        out, _, _ = run(events, ask)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", out)
        wide = [line for line in out.split("\n") if len(line) > 80]
        assert not wide, f"=== {ask.head}\n" + "\n".join(wide)


@pytest.mark.parametrize("name", stories())
def test_same_bytes_again(name):
    """Same events in, same bytes out."""
    events, asks = story_read(os.path.join(HERE, name + ".story"))
    for ask in asks:
        assert run(events, ask) == run(events, ask)


def check_recorded(path, ask):
    out, code, err = run("", ask, path)
    assert code == ask.code, f"{ask.args}: exit {code}: {err}"
    if ask.is_json:
        assert values(out) == values(ask.expected), ask.args
    else:
        assert out.strip("\n") == ask.expected, ask.args


@pytest.mark.parametrize("name", stories())
def test_recorded(name, tmp_path):
    """The story as a recording, with a dump of the model wherever one may be, answers the same."""
    events, asks = story_read(os.path.join(HERE, name + ".story"))
    path = str(tmp_path / "story.prb")
    record = Ask(f"record {path} --checkpoint 1")
    _, code, err = run(events, record)
    assert code in (0, 4), err
    for ask in asks:
        if "-w" in ask.args:
            continue  # a story shows what changed after each event, a recording after each batch
        check_recorded(path, ask)
        if ask.args[0] not in ("trace", "report", "--at"):  # a state: that at the end is in the last dump
            ask.args += ["--at", "-0s"]
            check_recorded(path, ask)
