"""Recordings of every version of the format answer for ever as they did when they were made.

vN/NAME.prb is a recording, vN/NAME.asks what must be answered: the sections of a story without its
events.  A format that changes gets a folder of its own; nothing here is ever made anew, except the
answers when a view comes to say something else (STORIES=accept, and read the difference).
"""
import glob
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "stories"))
from test_stories import ACCEPT, pretty, run, story_read, values  # noqa: E402

PIECES = sorted(os.path.relpath(p, HERE)[:-4] for p in glob.glob(os.path.join(HERE, "v*", "*.prb")))


def test_every_version_has_some():
    assert {p.split("/")[0] for p in PIECES} == {"v1"}


@pytest.mark.parametrize("piece", PIECES)
def test_recording(piece):
    path = os.path.join(HERE, piece)
    _, asks = story_read(path + ".asks")
    assert asks
    answers = []
    for ask in asks:
        out, code, err = run("", ask, path + ".prb")
        shown = pretty(out) if ask.is_json else out.strip("\n")
        answers.append(ask.written(shown, code))
        if ACCEPT:
            continue
        assert code == ask.code, f"{ask.head}: exit {code}: {err}"
        same = values(out) == values(ask.expected) if ask.is_json else shown == ask.expected
        assert same, f"{ask.head}\n--- expected\n{ask.expected}\n--- got\n{shown}\n{err}"
    if ACCEPT:
        with open(path + ".asks", "w", encoding="utf-8") as f:
            f.write("\n".join(answers))
