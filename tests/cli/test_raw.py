"""What a filter lets through is the same in every form of output: text, JSON, the raw form."""
import json
import re
import subprocess
from pathlib import Path

import pytest

from cli_tools import PROBATE, ROOT, Running, cli, live, running, wait  # noqa: F401

STORIES = [Path(ROOT) / "tests" / "stories" / f"{name}.story"
           for name in ("leaked", "passed", "lost", "incident", "tree", "daemonised", "connections")]
FRAMES = {"clock", "source", "scan_begin", "scan_end", "tick"}
LINE = re.compile(r"(?:# )?(\d+) (\w+) (\d+)")
FILTERS = [["--pid", "200"], ["--tree", "200"], ["--comm", "server"], ["--uid", "0"],
           ["--port", "8801"], ["--event", "exec"], ["--event", "exec,exit,zombie"],
           ["--pid", "300", "--event", "exec"], ["--pid", "300", "--port", "8801"],
           ["--pid", "4000000"], ["--event", "leak"], ["pid=200"]]


def lines(cli, story, *args):
    done = cli("-r", str(story), "trace", *args)
    assert done.code in (0, 4), str(done)
    return done.out.decode().splitlines()


def kinds_of(cli):
    """{raw kind: public event} as far as JSON and raw can be compared: one name in both."""
    text = cli("trace", "--list").out.decode()
    return set(re.findall(r"^(\w+): ", text, re.M))


@pytest.mark.parametrize("words", FILTERS, ids=" ".join)
def test_raw_obeys_the_filter(cli, words):
    public, seen = kinds_of(cli), 0
    for story in STORIES:
        everything = lines(cli, story, "--raw")
        raw = lines(cli, story, "--raw", *words)
        rest = iter(everything)
        assert all(line in rest for line in raw), "a part of all, in its order"
        shown = [json.loads(x)["event"] for x in lines(cli, story, "--json", *words)]
        text = lines(cli, story, *words)
        assert [x.split()[1] for x in text if re.match(r"[-\d]", x)] == shown
        kinds = [LINE.match(x)[2] for x in raw]
        for kind in public & set(kinds):
            # some public events are raw ones of several kinds
            if kind in shown:
                assert kinds.count(kind) <= shown.count(kind), (story, kind)
        assert not [k for k in kinds if k in public and k not in shown], (story, kinds, shown)
        if not any(w.startswith("--event") for w in words):
            assert {LINE.match(x)[2] for x in everything} & FRAMES <= set(kinds)
        seen += len(shown)
        pid = words[1] if words[0] == "--pid" else None
        for line in raw if pid else ():
            named = re.search(rf"\b{pid}\b", line)
            assert named or LINE.match(line)[2] in FRAMES | {"lost", "resync", "state"}, line
    assert seen or "4000000" in words


@pytest.mark.parametrize("form", [[], ["--json"], ["--raw"]], ids=str)
def test_command_alone_is_traced(live, form):
    """The filter by a tree that `trace -- CMD` makes, while others work, too."""
    other = subprocess.Popen(["bash", "-c", "while :; do /bin/true foreign-word; done"])
    try:
        done = live("trace", *form, "--", "sh", "-c", "/bin/true own-word; :")
    finally:
        other.kill()
        other.wait()
    assert b"own-word" in done.out and b"foreign-word" not in done.out, str(done)
