"""Wrong ways to record and to read recordings: one sentence, the documented exit code, no harm done."""
import os
import shutil
import signal

import pytest

from cli_tools import Running, cli, live  # noqa: F401  fixtures

ANSWERED, OPPOSITE, USAGE, CANNOT, INCOMPLETE = range(5)
STORY = os.path.join(os.path.dirname(__file__), "..", "stories", "leaked.story")
NOBODY = 65534


@pytest.fixture
def place(cli, tmp_path):
    """A directory of all that recordings are mistaken for; "old.prb" is one."""
    with open(STORY) as f:
        (tmp_path / "events").write_text(f.read().split("\n===")[0] + "\n")
    for name in "empty", "segments", "rights":
        (tmp_path / name).mkdir()
    (tmp_path / "rights" / "20261121T120000.000Z-000001.prb").touch()
    os.chmod(tmp_path / "rights", 0)
    (tmp_path / "prose").write_text("once upon a time\n")
    (tmp_path / "link").symlink_to("old.prb")
    (tmp_path / "dirlink").symlink_to("empty")
    (tmp_path / "dangling").symlink_to("nowhere")
    for to in "old.prb", "segments/":
        done = cli("-r", "events", "record", to, cwd=tmp_path)
        assert done.code == ANSWERED and not done.out and not done.err, str(done)
    yield tmp_path
    os.chmod(tmp_path / "rights", 0o700)


def contents(path):
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*")
            if p.is_file() and not p.is_symlink()}


def tried(cli, place, line, **env):
    """Runs it where no recorder is known; nothing may change by it."""
    before = contents(place)
    done = cli.shell(f"cd {place}; exec $P {line}", PROBATE_RUN=f"{place}/none", **env)
    assert contents(place) == before, "it wrote something"
    return done


# ---- command lines that make no sense -----------------------------------------------------------

WRONG = {
    # command line: words its sentence must have
    "trace -r old.prb --at -1s": ["--since and --until"],
    "record -r old.prb --at -1s new": ["--since and --until"],
    "ports -w -r old.prb --at -1s": ["-w", "--since and --until"],
    "ports -r old.prb --since -1s": ["--at", "-w"],
    "port 8801 -r old.prb --since -1s": ["--at", "-w"],
    "ports -w -r old.prb --at -1s --since -2s": ["--at", "--since"],
    "ports -r old.prb --at -1s --until -2s": ["--at", "--until"],
    "trace -r old.prb --since -1s --until -2s": ["--since lies after --until"],
    "ports --at -1s": ["-r", "no recorder answers"],
    "trace --since -1s": ["-r", "no recorder answers"],
    "ports --record new": ["-w", "probate record"],
    "port 8801 --record new": ["-w", "probate record"],
    "ports -w -r old.prb --record new": ["probate -r OLD", "record NEW"],
    "ports -w --record -": ["standard output", "-o"],
    "trace --record -": ["standard output", "-o"],
    "record -r old.prb": ["probate -r OLD", "record NEW"],
    "record --record new newer": ["new", "newer"],
    "record new newer": ["newer"],
    "record -o new": ["-o", "record new"],
    "ports -w --force": ["--force"],
    "trace --force": ["--force"],
    "doctor -r old.prb": ["doctor", "no recording"],
    "doctor --at -1s": ["doctor", "no recording"],
    "doctor --record new": ["doctor", "no recording"],
    "recrod": ["did you mean record?"],
    "ports --max-size 1G": ["--max-size is not for ports"],
    "trace --record new --segment-age 1h": ["--segment-age is not for trace"],
    "record new --segment-sise 1M": ["did you mean --segment-size?"],
    "record --record": ["--record needs a value"],
    "report 8801 --html --json -r old.prb": ["--html", "choose one"],
    "report pid -r old.prb": ["report pid", "number"],
    "report 8801 8802 -r old.prb": ["8802"],
}


@pytest.mark.parametrize("line", WRONG)
def test_wrong_usage(cli, place, line):
    done = tried(cli, place, line)
    assert done.code == USAGE and not done.out, str(done)
    for word in WRONG[line]:
        assert word in done.sentence(), str(done)


@pytest.mark.parametrize("value", [
    "25:00", "24:00", "3:60", "03:12:61", "03:12.", "03:12Z", "someday", "nowish", "''", "-", "-x",
    "-5y", "-1d-2h", "-99999999999999d", "2026-02-31", "2026-13-01", "2026-11-21T",
    "'2026-11-21 3'", "'2026-11-21 03:12 CET'", "2026-11-21T03:12+99:00", "1e9", "@", "@x",
    "@12345678901", "0-1-1", r"$'\e[31m'"])
@pytest.mark.parametrize("option", ["ports --at", "trace --since", "trace --until"])
def test_no_time(cli, place, option, value):
    done = tried(cli, place, f"-r old.prb {option} {value}")
    assert done.code == USAGE and not done.out, str(done)
    assert "is not a time" in done.sentence() and "03:12" in done.sentence()
    assert "\x1b" not in done.sentence()


@pytest.mark.parametrize("value", ["now", "'0 s ago'", "-0s", "'1 day ago'", "today", "yesterday"])
def test_times_as_journalctl_has_them(cli, place, value):
    done = tried(cli, place, f"-r old.prb ports --at {value}")
    assert done.code in (0, 4), str(done)
    assert "is not a time" not in done.err.decode()


@pytest.mark.parametrize("option", ["--segment-size", "--max-size", "--checkpoint"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "''", "1X", "1e3", "1.5G", "64M2", "2048T",
                                   "18446744073709551615G"])
def test_no_size(cli, place, option, value):
    done = tried(cli, place, f"record {option} {value} new")
    assert done.code == USAGE and not done.out, str(done)
    assert option in done.sentence() and "64M" in done.sentence()


@pytest.mark.parametrize("option", ["--segment-age", "--max-age"])
@pytest.mark.parametrize("value", ["0", "0s", "-1d", "x", "''", "5y", "1.h", "7d!",
                                   "999999999999999999d"])
def test_no_age(cli, place, option, value):
    done = tried(cli, place, f"record {option} {value} new")
    assert done.code == USAGE and not done.out, str(done)
    assert option in done.sentence() and "7d" in done.sentence()


@pytest.mark.parametrize("value", ["-1s", "03:12"])
@pytest.mark.parametrize("line", ["-r events ports --at", "-r events trace --since",
                                  "-r - ports --at"])
def test_time_that_counts_from_an_unknown_end(cli, place, line, value):
    done = tried(cli, place, f"{line} {value} < <(cat old.prb)")
    assert done.code == USAGE and not done.out, str(done)
    assert "a date and a time" in done.sentence()


@pytest.mark.parametrize("value", ["1970-01-02", "@0", "'2000-01-01 00:00:00.5 UTC'",
                                   "1999-12-31T23:59:59+01:00", "-9000d"])
@pytest.mark.parametrize("line", ["ports --at", "port 8801 --at", "trace --until"])
def test_before_all_that_was_recorded(cli, place, line, value):
    done = tried(cli, place, f"-r old.prb {line} {value}")
    assert done.code == INCOMPLETE and not done.out, str(done)
    assert "nothing was recorded then" in done.sentence() and "begins at" in done.sentence()


def test_after_all_that_was_recorded(cli, place):
    done = tried(cli, place, "-r old.prb trace --since 2099-01-01")
    assert done.code == INCOMPLETE and not done.out and "ends at" in done.sentence(), str(done)
    done = tried(cli, place, "-r old.prb port 8801 --at 2099-01-01")
    assert done.code == INCOMPLETE and b"leaked" in done.out, str(done)
    assert "the state at its end" in done.sentence()


# ---- what is no recording -----------------------------------------------------------------------

VIEWS = ["ports", "port 8801", "pid 200", "tree", "zombies", "trace", "report 8801", "ports -w",
         "record new"]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("path, why", [
    ("missing", "No such file"), ("dangling", "No such file"), ("empty", "no recording"),
    ("dirlink", "no recording"), ("empty/", "no recording"), ("old.prb/", "Not a directory")])
def test_no_recording(cli, place, view, path, why):
    done = tried(cli, place, f"-r {path} {view}")
    assert done.code == USAGE and not done.out, str(done)
    assert why in done.sentence() and path in done.sentence()


@pytest.mark.parametrize("view", ["ports", "port 8801", "trace", "report"])
def test_prose(cli, place, view):
    done = tried(cli, place, f"-r prose {view}")
    assert done.code == INCOMPLETE and "holds no events" in done.sentence(), str(done)


@pytest.mark.parametrize("path", ["rights", "rights/20261121T120000.000Z-000001.prb"])
def test_no_right_to_read(cli, place, path):
    if os.geteuid():
        pytest.skip("needs root to give privilege up")
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    os.chmod(place, 0o711)
    done = cli("-r", path, "ports", cwd=place, before=[
        "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all"])
    assert done.code == USAGE and not done.out, str(done)
    assert "Permission denied" in done.sentence()


def test_links_are_followed_when_reading(cli, place):
    for path in "old.prb", "link", "segments", "segments/":
        done = tried(cli, place, f"-r {path} port 8801")
        assert done.code == ANSWERED and b"leaked" in done.out and not done.err, str(done)


# ---- where no recording can be written ----------------------------------------------------------

@pytest.mark.parametrize("before", ["-r events", pytest.param("", id="live")])
@pytest.mark.parametrize("to, why", [
    ("old.prb", "--force"), ("prose", "--force"), ("link", "symbolic link"),
    ("--force link", "symbolic link"), ("dangling", "symbolic link"),
    ("dirlink", "symbolic link"), ("dirlink/", "symbolic link"),
    ("missing/new", "No such file"), ("missing/new/", "No such file"), ("prose/new", "directory"),
    ("/proc/new", "/proc/new"), ("/proc/", "/proc")])
def test_cannot_write(request, place, before, to, why):
    cli = request.getfixturevalue("cli" if before else "live")
    done = tried(cli, place, f"{before} record {to}")
    assert done.code == USAGE and not done.out, str(done)
    assert why in done.sentence()


def test_record_option_cannot_write(live, place):
    for line, why in ("ports -w --record old.prb", "--force"), ("trace --record link", "symbolic"):
        done = tried(live, place, line)
        assert done.code == USAGE and not done.out and why in done.sentence(), str(done)


def test_no_right_to_write(cli, place):
    if os.geteuid():
        pytest.skip("needs root to give privilege up")
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    os.chmod(place, 0o711)
    for to in "new", "new/", "empty", "rights":
        done = cli("-r", "events", "record", to, cwd=place, before=[
            "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
            "--inh-caps=-all"])
        assert done.code == USAGE and "Permission denied" in done.sentence(), str(done)
        assert to.rstrip("/") in done.sentence()


def test_not_into_itself(cli, place):
    for line in ("-r old.prb record --force old.prb", "-r link record --force old.prb",
                 "-r segments record segments/", "-r dirlink record empty/"):
        done = tried(cli, place, line)
        assert done.code == USAGE and "read and written at once" in done.sentence(), str(done)


def test_not_to_a_terminal(cli, place):
    done = cli.terminal("-r", str(place / "events"), "record", "-")
    assert done.code == USAGE and not done.out and "terminal" in done.sentence(), str(done)


def test_force_writes_over_a_file(cli, place):
    done = cli("-r", "old.prb", "record", "--force", "prose", cwd=place)
    assert done.code == ANSWERED and not done.err, str(done)
    assert tried(cli, place, "-r prose port 8801").code == ANSWERED


def test_one_recorder_a_directory(live, place, monkeypatch):
    monkeypatch.setenv("PROBATE_RUN", str(place / "run"))
    first = Running(["record", str(place / "empty")], None, ready=False)
    try:
        first.until(b"recording to")
        done = live.shell(f"cd {place}; exec $P record empty/", PROBATE_RUN=f"{place}/run2")
        assert done.code == USAGE and "another recorder" in done.sentence(), str(done)
        (segment,) = os.listdir(place / "empty")
        done = first.end(signal.SIGTERM)
        assert done.code == ANSWERED and len(done.sentences()) == 1, str(done)
        assert os.listdir(place / "empty") == [segment]
    finally:
        first.kill()
        first.proc.stderr.close()
    assert not (place / "run2").exists()
