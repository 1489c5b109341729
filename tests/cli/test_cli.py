"""Wrong command lines, broken files, closed and full outputs, signals, and the width of lines.

Whatever happens: one sentence on stderr that begins "probate: ", the documented exit code, no hang,
and nothing left behind.
"""
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import unicodedata

import pytest

from cli_tools import cli, live, running, wait  # noqa: F401  fixtures

ANSWERED, OPPOSITE, USAGE, CANNOT, INCOMPLETE = range(5)
STORY = os.path.join(os.path.dirname(__file__), "..", "stories", "leaked.story")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


# ---- command lines that make no sense ---------------------------------------------------------

WRONG = {
    # command line: words its sentence must have
    "port 99999": ["99999", "1 to 65535"],
    "port foo": ["foo", "not a port"],
    "port tcp/": ["missing"],
    "port ''": ["missing"],
    "port 0": ["no port 0", "1 to 65535"],
    "port 80 81": ["81"],
    "port 1e3": ["1e3"],
    "port -1": ["-1"],
    "port unix:": ["unix:/path"],
    "port unix:@": ["unix:@name"],
    "port [::1": ["bracket"],
    "port [::1]": ["[::1]:PORT"],
    "port ::1:x": ["not a port"],
    "port ::1": ["missing", "[::1]:PORT"],
    "port 1::2::3:80": ["1::2::3", "not an IP address"],
    "port remotehost:80": ["remotehost", "not an IP address"],
    "port 1.2.3:80": ["1.2.3", "not an IP address"],
    "port 127.0.0.1:": ["missing"],
    "port xyz/80": ["xyz", "tcp or udp"],
    "port tcp/80/81": ["80/81"],
    "port": ["port 8080"],
    "pid": ["pid 1234"],
    "pid 0": ["0"],
    "pid x": ["x"],
    "pid 99999999999999999999": ["99999999999999999999"],
    "tree 0": ["0"],
    "tree x": ["x"],
    "tree 1 2": ["2"],
    "ports 80": ["80", "no argument"],
    "prots": ["did you mean ports?"],
    "zombie": ["did you mean zombies?"],
    "xyzzyfoo": ["xyzzyfoo", "--help"],
    "''": ["no command"],
    "--jsn ports": ["did you mean --json?"],
    "--nosuch ports": ["--nosuch", "--help"],
    "ports -Z": ["-Z"],
    "ports --json=1": ["no value"],
    "ports -o": ["-o needs a value"],
    "ports --buffer": ["--buffer needs a value"],
    "trace --leaked": ["--leaked is not for trace"],
    "zombies --raw": ["--raw is not for zombies"],
    "serve -r x": ["--replay is not for serve"],
    "--at=-1h serve": ["--at is not for serve"],
    "serve -w": ["--watch is not for serve"],
    "serve -o x": ["--output is not for serve"],
    "serve --no-bpf": ["--no-bpf is not for serve"],
    "serve --record -": ["--record DIR"],
    "trace --buffer junk": ["junk"],
    "trace --buffer 0": ["0"],
    "trace --buffer 1T": ["1T"],
    "trace --buffer 2G": ["2G"],
    "trace --buffer -1": ["-1"],
    "--fd=x ports": ["full, lean or auto"],
    "trace --event nosuch": ["nosuch", "--list"],
    "trace --event forc": ["did you mean fork?"],
    "trace --event fork,": ["no event"],
    "trace --pid 0": ["--pid"],
    "trace --comm ''": ["--comm"],
    "trace --comm sixteen-bytes-xx": ["--comm"],
    "trace --uid no-such-user": ["no-such-user"],
    "trace --port 65536": ["65536"],
    "trace what=1": ["what=1", "--"],
    "trace --": ["needs a command"],
    "ports -- true": ["only trace runs a command"],
    "trace -r /dev/null -- true": ["-r"],
    "-r /nonexistent ports": ["/nonexistent", "No such file"],
    "-r / ports": ["directory"],
    "-o /nonexistent/file ports": ["/nonexistent/file", "No such file"],
    "-o / ports": ["directory"],
    r"$'port\e[31m'": [r"port\x1b[31m"],
    r"port $'8\e]0;x\a0'": [r"\x1b]0;x\x070"],
    r"pid $'1\nprobate: forged'": [r"1\x0aprobate"],
    r"$'\u202eports'": [r"\u{202e}"],
    r"$'--\xff'": [r"\xff"],
}


@pytest.mark.parametrize("line", WRONG)
def test_wrong_usage(cli, line):
    done = cli.shell("exec $P " + line)
    assert done.code == USAGE and not done.out, str(done)
    said = done.sentence()
    assert not CONTROL.search(said) and len(said) < 300
    for word in WRONG[line]:
        assert word in said, said


def test_no_command_shows_the_usage(cli):
    done = cli()
    assert done.code == USAGE and not done.out and done.err.startswith(b"usage: probate")


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["ports", "--help"], ["--version"],
                                  ["trace", "--list"], ["trace", "--list", "--json"],
                                  ["serve", "--list"], ["serve", "--list", "--json"]])
def test_help(cli, args):
    done = cli(*args)
    assert done.code == ANSWERED and done.out and not done.err


@pytest.mark.parametrize("args", [["pid", "999999999"], ["tree", "999999999"]])
@pytest.mark.parametrize("tier", [[], ["--no-bpf"]])
def test_no_such_process_is_an_answer(cli, args, tier):
    done = cli("-q", *args, *tier)
    assert done.code == OPPOSITE and not done.err, str(done)
    assert b"999999999" in done.out


@pytest.mark.parametrize("cmd, why", [
    ("/nonexistent", "No such file"), ("''", "No such file"), ("/", "Permission denied"),
    ("/etc/passwd", "Permission denied")])
def test_command_that_cannot_run(live, cmd, why):
    done = live.shell(f"exec $P trace -- {cmd}")
    assert done.code == USAGE and why in done.sentence(), str(done)


# ---- stories that are none --------------------------------------------------------------------

@pytest.fixture(scope="module")
def events():
    with open(STORY) as f:
        return f.read().split("\n===")[0] + "\n"


REPLAYS = [["ports"], ["port", "8801"], ["tree"], ["zombies"], ["pid", "1"], ["trace"],
           ["ports", "-w"], ["ports", "--json"], ["trace", "--raw"]]


@pytest.mark.parametrize("args", REPLAYS, ids=" ".join)
@pytest.mark.parametrize("content", [
    b"", b"\n# a remark\n\n", os.urandom(20000), b"\0" * 10000, b"x" * 600000,
    b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40, b"{}\n" * 100],
    ids=["empty", "remarks", "random", "zeros", "one-line", "binary", "json"])
def test_no_story(cli, tmp_path, args, content):
    path = tmp_path / "story"
    path.write_bytes(content)
    done = cli("-r", str(path), *args)
    assert done.code == INCOMPLETE, str(done)
    assert "holds no events" in done.sentence()


def test_endless_story(cli):
    done = cli("-r", "/dev/zero", "ports")
    assert done.code == INCOMPLETE and "longer than any event" in done.sentence()


@pytest.mark.parametrize("args", REPLAYS, ids=" ".join)
def test_cut_story(cli, tmp_path, events, args):
    """Cut in the middle of a line: half a number must not become another number."""
    path = tmp_path / "story"
    path.write_text(events.rstrip("\n")[:-1])
    done = cli("-r", str(path), *args)
    assert done.code == INCOMPLETE and "cut" in done.sentence(), str(done)


def test_damaged_lines_are_counted(cli, tmp_path, events):
    path = tmp_path / "story"
    path.write_text("nonsense\n" + events + "1 fork\n\x1b[31m\n")
    done = cli("-r", str(path), "ports")
    assert done.code == INCOMPLETE
    assert "story:1:" in done.sentence() and "2 more" in done.sentence()
    assert b"8801" in done.out


def test_story_of_standard_input(cli, events):
    whole = cli("-r", "-", "port", "8801", stdin=None, input=events.encode())
    assert whole.code == ANSWERED and b"leaked" in whole.out and not whole.err, str(whole)
    closed = cli.shell("exec $P -r - ports <&-")
    assert closed.code == INCOMPLETE and "standard input holds no events" in closed.sentence()


# ---- outputs that are closed, full, or not read -----------------------------------------------

ONE_SHOTS = ["ports", "port 9", "tree", "pid 1", "zombies", "ports --json"]


@pytest.mark.parametrize("line", [*ONE_SHOTS, "trace --raw -- true", "trace -- true", "ports -w"])
def test_reader_leaves(live, line):
    done = live.shell(f"$P {line} | head -1 > /dev/null; echo ${{PIPESTATUS[0]}}")
    assert done.out.strip() in (b"0", b"1"), str(done)
    assert not done.sentences()


@pytest.mark.parametrize("line", ["trace", "ports -w", "trace --raw", "tree -w --json"])
def test_reader_leaves_a_live_command(live, line):
    done = live.shell(f"$P {line} | true; echo ${{PIPESTATUS[0]}}")
    assert done.out.strip() == b"0" and not done.sentences(), str(done)


@pytest.mark.parametrize("line", [*ONE_SHOTS, "trace --raw -- true", "trace -- true", "ports -w",
                                  "--help", "--version", "trace --list"])
@pytest.mark.parametrize("how", ["$P {} > /dev/full", "$P -o /dev/full {}"], ids=["stdout", "-o"])
def test_full_disk(live, line, how):
    if "-o" in how and line in ("--help", "--version"):
        return  # these go to standard output
    done = live.shell("exec " + how.format(line))
    assert done.code == INCOMPLETE, str(done)
    assert "No space left on device" in done.sentence()


@pytest.mark.parametrize("line", [*ONE_SHOTS, "trace -- true", "--help"])
def test_standard_files_closed(live, line, tmp_path):
    """Nothing that is opened later may be taken for a standard file."""
    plain = live.shell(f"exec $P {line}")
    for closed in "<&-", ">&-", "2>&-", "<&- >&- 2>&-":
        done = live.shell(f"cd {tmp_path}; $P {line} {closed}")
        assert done.code == plain.code, f"{closed}: {done}"
        assert not done.sentences() or not plain.code, str(done)
        if closed == "<&-" and "trace" not in line:
            assert done.out.endswith(b"\n")
            # the machine's other zombies come and go between two answers
            assert line.startswith("zombies") or len(done.out) > len(plain.out) // 2
    assert not os.listdir(tmp_path)


def test_output_file(live, tmp_path):
    path = tmp_path / "answer"
    done = live("-o", str(path), "ports", "--json")
    assert done.code == ANSWERED and not done.out and not done.err, str(done)
    for line in path.read_text().splitlines():
        json.loads(line)


# ---- signals ----------------------------------------------------------------------------------

def kernel_objects():
    """Ids of all BPF programs, maps and links, or None where they cannot be listed."""
    tool = shutil.which("bpftool") or shutil.which("bpftool", path="/usr/sbin:/usr/local/sbin")
    if not tool:
        return None
    ids = set()
    for kind in "prog", "map", "link":
        done = subprocess.run([tool, "-j", kind, "show"], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=10)
        if done.returncode:
            return None
        ids |= {(kind, x["id"]) for x in json.loads(done.stdout or "[]") if "id" in x}
    return ids


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL],
                         ids=lambda s: s.name)
@pytest.mark.parametrize("line", ["trace", "ports -w"])
def test_signal_ends_it_all(running, wait, line, sig):
    before = kernel_objects()
    one = running(*line.split())
    during = kernel_objects()
    done = one.end(sig)
    if sig == signal.SIGKILL:
        assert done.code == -sig
    else:
        assert done.code == ANSWERED and not done.sentences(), str(done)
    if before is None:
        pytest.skip("bpftool cannot list what is loaded")
    mine = during - before
    assert mine, "it had nothing in the kernel?"
    # the kernel frees after a grace period
    wait(lambda: not mine & kernel_objects(), "the end of what it loaded")


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
def test_signal_while_nobody_reads(running, wait, sig):
    """The pipe is full and the reader asleep: it must end all the same, and say nothing."""
    r, w = os.pipe()
    fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096)
    try:
        one = running("trace", "--raw", out=w, ready=False)
    finally:
        os.close(w)
    try:
        # full to the last byte: the next write sleeps
        wait(lambda: struct.unpack("i", fcntl.ioctl(r, termios.FIONREAD, b"1234"))[0] == 4096,
             "a full pipe")
        done = one.end(sig)
        assert done.code in (ANSWERED, INCOMPLETE) and not done.sentences(), str(done)
    finally:
        os.close(r)


CHILD = """
import signal, sys, time
def on(sig, frame):
    print("got", signal.Signals(sig).name, flush=True)
    sys.exit(7)
for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(s, on)
print("ready", flush=True)
while True:
    signal.pause()
"""


@pytest.fixture
def traced(running, tmp_path, wait):
    """A command under trace that tells which signals it gets; its words, its pid."""
    def start(code=CHILD, **more):
        out, events = tmp_path / "out", tmp_path / "events"
        script = f"exec {sys.executable} -c \"$0\" > {out}"
        one = running("trace", "--json", "-o", str(events), "--", "sh", "-c", script, code,
                      **more)
        wait(lambda: out.exists() and "ready" in out.read_text(), "the command")
        with open(f"/proc/{one.pid}/task/{one.pid}/children") as f:
            return one, out, events, int(f.read().split()[0])
    return start


@pytest.mark.parametrize("sig, way", [
    (signal.SIGINT, "kill"), (signal.SIGTERM, "kill"), (signal.SIGHUP, "kill"),
    (signal.SIGINT, "terminal"), (signal.SIGHUP, "terminal")])
def test_command_gets_the_signal(traced, sig, way):
    """
    The command is told what we are told, once: a terminal tells it itself.  It ends its own way,
    and that is still in the trace.
    """
    if way == "kill":
        one, out, events, pid = traced()
        done = one.end(sig)
    else:
        master, slave = pty.openpty()
        one, out, events, pid = traced(
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0))
        os.close(slave)
        if sig == signal.SIGINT:
            os.write(master, b"\x03")
            done = one.end()
        os.close(master)
        if sig == signal.SIGHUP:
            done = one.end()
    assert done.code == ANSWERED and not done.sentences(), str(done)
    assert out.read_text() == f"ready\ngot {sig.name}\n"
    exits = [e for e in map(json.loads, events.read_text().splitlines())
             if e["event"] == "exit" and e["pid"] == pid]
    assert len(exits) == 1 and exits[0]["code"] == 7


def test_command_that_ignores_the_signal(traced):
    """We end after a moment, the command goes on: it was asked, not forced."""
    one, out, events, pid = traced(CHILD.replace("sys.exit(7)", "pass"))
    try:
        done = one.end(signal.SIGTERM)
        assert done.code == ANSWERED and "got SIGTERM" in out.read_text()
        os.kill(pid, 0)
    finally:
        os.kill(pid, signal.SIGKILL)


def test_command_survives_our_kill(traced):
    one, out, events, pid = traced()
    try:
        assert one.end(signal.SIGKILL).code == -signal.SIGKILL
        os.kill(pid, 0)
        assert out.read_text() == "ready\n"
    finally:
        os.kill(pid, signal.SIGKILL)


def test_nohup_is_honoured(running):
    one = running("ports", "-w",
                  preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    one.proc.send_signal(signal.SIGHUP)
    assert one.end(signal.SIGTERM).code == ANSWERED
    with_default = running("ports", "-w")
    assert with_default.end(signal.SIGHUP).code == ANSWERED


# ---- width and colour -------------------------------------------------------------------------

CSI = re.compile(r"\x1b\[[0-9;]*m")


def columns_of(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in text)


TERMINAL = ["ports", "port 8801", "tree", "pid 200", "zombies", "trace"]


@pytest.fixture(scope="module")
def plain_story(tmp_path_factory, events):
    path = tmp_path_factory.mktemp("story") / "story"
    path.write_text(events)
    return str(path)


@pytest.mark.parametrize("columns", [80, 132])
@pytest.mark.parametrize("line", TERMINAL)
def test_no_line_wraps(cli, plain_story, line, columns):
    done = cli.terminal("-r", plain_story, *line.split(), columns=columns)
    text = CSI.sub("", done.out.decode())
    assert text.endswith("\n") and not CONTROL.search(text)
    long = [x for x in text.split("\n") if columns_of(x) > columns]
    assert not long, long


@pytest.mark.parametrize("line", ["ports", "tree", "zombies", "pid 1", "doctor"])
@pytest.mark.parametrize("columns", [80, 132])
def test_no_line_wraps_live(live, line, columns):
    text = CSI.sub("", live.terminal(*line.split(), columns=columns).out.decode())
    assert not [x for x in text.split("\n") if columns_of(x) > columns]


@pytest.mark.parametrize("line", TERMINAL)
def test_colours(cli, plain_story, line):
    """Colours on a terminal only, and only where they are wanted; the words are the same."""
    args = ["-r", plain_story, *line.split()]
    with_colour = cli.terminal(*args).out.decode()
    for env in {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}:
        assert "\x1b" not in cli.terminal(*args, **env).out.decode()
    assert CSI.sub("", with_colour) == cli.terminal(*args, NO_COLOR="1").out.decode()
    assert "\x1b[" in cli.terminal(*args, NO_COLOR="").out.decode() or "\x1b[" not in with_colour
    assert b"\x1b" not in cli(*args).out
    assert b"\x1b" not in cli.terminal(*args, "--json").out


def test_something_is_coloured(cli, plain_story):
    assert b"\x1b[" in cli.terminal("-r", plain_story, "ports").out


@pytest.mark.parametrize("line", TERMINAL)
def test_ascii_locale(cli, plain_story, line):
    """In the C locale what we write ourselves is ASCII."""
    for env in {"LANG": "C"}, {"LANG": "C.UTF-8", "LC_ALL": "POSIX"}:
        assert cli.terminal("-r", plain_story, *line.split(), **env).out.isascii()
