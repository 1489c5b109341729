"""What a live command scans again and again reaches nobody, unless it is news."""
import re
import signal
import subprocess

from conftest import PROBATE, Lines

FACT = re.compile(r"\d+ scan_(task|fd|sock|name|queue|args) ")
KNOWN = 8  # facts a pass that may be news on a machine that does other things as well


def passes(lines):
    """[facts] of each pass that is over, in order."""
    over, facts = [], None
    for line in lines:
        if " scan_begin " in line:
            facts = []
        elif " scan_end 0/0 " in line and facts is not None:
            over.append(facts)
            facts = None
        elif facts is not None and FACT.match(line):
            facts.append(line)
    return over


def events(lines):
    """(time, kind) of each; "#" and the kind of what a model told."""
    return [line.split()[:3 if line[0] == "#" else 2] for line in lines if line]


def test_idle_scans_tell_nothing(scene, watch):
    idle = scene("listener")
    w = watch("trace", "--raw")
    assert w.out.wait(lambda lines: len(passes(lines)) >= 4), f"{w}: no rescans"
    with w.out.changed:
        first, *later = passes(list(w.out.lines))
    assert any(f" {pid}/{pid} " in fact for fact in first for pid in idle["pids"])
    assert min(len(facts) for facts in later) <= KNOWN, later
    for facts in later:
        assert not any(f" {pid}/{pid} " in fact for fact in facts for pid in idle["pids"])


def test_raw_replays_to_itself(scene, probate):
    """What is told of a scan passes the sieve of whoever reads it back, whole."""
    scene("listener")
    live = subprocess.Popen([PROBATE, "trace", "--raw"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    told = Lines(live.stdout)
    try:
        assert told.wait(lambda lines: len(passes(lines)) >= 3)
    finally:
        live.send_signal(signal.SIGINT)
        live.wait(10)
    told.thread.join(2)
    again = subprocess.run([PROBATE, "-r", "-", "trace", "--raw"], capture_output=True, text=True,
                           input="\n".join(told.lines) + "\n", timeout=20)
    assert events(again.stdout.split("\n")) == events(told.lines)
