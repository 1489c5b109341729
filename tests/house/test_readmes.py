"""Every room says what its files are for, and names none that is not there."""
import fnmatch
import re

import pytest

from test_walls import ORDER, ROOT, USER

ROOMS = [USER / r for r in ORDER if r != "main.c"] + [ROOT / "bpf"]


def named(room):
    """Names and patterns between backticks in the tables of its files."""
    rows = re.findall(r"^\| (`.*?) \|", (room / "README.md").read_text(), re.M)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize("room", ROOMS, ids=lambda r: r.name)
def test_readme(room):
    text = (room / "README.md").read_text()
    assert len(text.splitlines()) <= 50 and max(map(len, text.splitlines())) <= 180, "one screen"
    files = [str(p.relative_to(room)) for p in room.rglob("*") if p.suffix in (".c", ".h", ".css")]
    patterns = named(room)
    assert not [f for f in files if not any(fnmatch.fnmatch(f, p) for p in patterns)]
    assert not [p for p in patterns if not fnmatch.filter(files, p)]
