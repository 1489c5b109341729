"""Every option that takes a number: what does not fit is refused, and nothing wraps around."""
import re
import subprocess

import pytest

from cli_tools import PROBATE, cli  # noqa: F401

USAGE = 2
WRONG = {
    "N": ["", " ", "-1", "+1", "1 ", " 1", "1e3", "0x10", "1.0", "99999999999999999999",
          "18446744073709551617", "36893488147419103233", "1" + 40 * "0", "4294967297"],
    "SIZE": ["", "0", "0K", "K", "-1", "-1M", "1 M", "1MM", "1MB", "1.5G", "0x10", "1e3",
             "16777217T", "18014398509481985K", "17592186044417M", "17179869185G",
             "9999999999999999999T", "18446744073709551617", "36893488147419103233",
             "1" + 40 * "0", "1" + 40 * "0" + "K"],
    "TIME": ["", "0", "0s", "-1s", "s", "1x", "1e3", "99999999999999999999", "9999999999999d",
             "213503982335w", "9223372037s", "18446744073709551617ns", "1000000000000000ns",
             "300y", "1" + 40 * "0" + "s"],
}
RIGHT = {
    "SIZE": ["1", "1K", "64m", "00000000000000000000000000000064M", "1G"],
    "TIME": ["1", "90s", "1h30m", "7d", "1.5h"],
    "N": ["1", "00000000000000000000000000001", "65535"],
}
# more than a process, a port or a user can be, though less than what follows
LARGE = {"pid": "2147483648", "tree": "2147483648", "port": "65536", "uid": "4294967295"}
# of a recording: what these take is another thing than a length of time
MOMENTS = {"at", "since", "until"}
BASE = {"trace": ["trace", "--list"], "serve": ["serve", "--list", "--record", "d/"],
        "record": ["serve", "--list", "--record", "d/"]}


def rows():
    """(command, option, what it takes) as the help has them: a new row is tested by itself."""
    found = {}
    for command in "trace", "record", "serve":
        text = subprocess.run([PROBATE, command, "--help"], capture_output=True, text=True).stdout
        for name, kind in re.findall(r"--([a-z.-]+) (N|SIZE|TIME)\b", text):
            if name not in MOMENTS:
                found[name] = (command, name, kind)
    return sorted(found.values())


def test_the_table_is_read():
    assert {"buffer", "max-size", "max-age", "segment-age", "checkpoint", "pid", "port", "uid"} <= \
        {name for _, name, _ in rows()}


@pytest.mark.parametrize("command, name, kind", rows())
def test_number(cli, command, name, kind):
    for value in [*WRONG[kind], *filter(None, [LARGE.get(name)])]:
        done = cli(*BASE[command], f"--{name}={value}")
        assert done.code == USAGE and not done.out, f"{value!r}: {done}"
        assert f"--{name}" in done.sentence() and (value or '""') in done.sentence(), str(done)
    for value in RIGHT[kind]:
        done = cli(*BASE[command], f"--{name}={value}")
        assert done.code == 0 and done.out and not done.err, f"{value!r}: {done}"


@pytest.mark.parametrize("line", ["port {}", "pid {}", "tree {}", "report pid {}", "report port {}",
                                  "trace pid={}", "trace port={}"])
def test_operand(cli, line):
    for value in ["0", "99999999999999999999", "18446744073709551617", "4294967297"]:
        done = cli(*line.format(value).split())
        assert done.code == USAGE and not done.out, str(done)


@pytest.mark.parametrize("time", ["1" + 25 * "0" + "s", "18446744074s", "18446744073710ms",
                                  "18446744073709551616", "-1", "-1s"])
def test_times_of_a_story(cli, tmp_path, time):
    story = tmp_path / "s.story"
    story.write_text(f"1s clock 0 realtime=1795262401000000000\n{time} tick 0\n")
    done = cli("-r", str(story), "trace", "--raw")
    assert done.code and "tick" not in done.out.decode(), str(done)
