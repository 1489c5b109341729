"""What `port` says of a bind is what bind() says: families, addresses, options and states, all by all.

bind_table.py makes a socket for each cell in a network namespace and tries every bind for real.
"""
import json
import os
import subprocess
import sys
import time

import pytest

from conftest import PROBATE, Lines

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.environ.get("TOOLS", os.path.join(HERE, "..", "..", "build", "tests"))
PATIENCE = 30


class Table:
    """The namespace and its sockets."""

    def __init__(self):
        self.proc = subprocess.Popen(
            ["unshare", "-n", sys.executable, os.path.join(HERE, "bind_table.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.proc.stdout.readline() == "{}\n"
        self.cells = []

    def fill(self):
        self.proc.stdin.write("go\n")
        self.proc.stdin.flush()
        self.cells = json.loads(self.proc.stdout.readline())["cells"]

    def bind(self):
        """Who scans has a file for a moment longer than who closes it: when nobody does any more."""
        self.proc.stdin.write("go\n")
        self.proc.stdin.flush()
        for cell, binds in zip(self.cells, json.loads(self.proc.stdout.readline())["binds"]):
            cell["binds"] = binds

    def inside(self, *args):
        return ["nsenter", "-t", str(self.proc.pid), "-n", *args]

    def end(self):
        self.proc.stdin.close()
        self.proc.wait(PATIENCE)
        self.proc.stdout.close()


class Recorder:
    def __init__(self, table, path, *options):
        self.path = str(path)
        self.proc = subprocess.Popen(table.inside(PROBATE, *options, "record", self.path),
                                     stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.err = Lines(self.proc.stderr)
        assert self.err.wait(lambda lines: any("recording" in x for x in lines), PATIENCE), \
            self.err.lines

    def end(self):
        self.proc.terminate()
        self.proc.wait(PATIENCE)
        self.err.thread.join(2)
        self.proc.stderr.close()


@pytest.fixture
def table(probate):
    made = Table()
    yield made
    made.end()


def form(address):
    return f"[{address}]" if ":" in address else address


def asked(cell, address):
    return f"{cell['proto']}/{form(address)}:{cell['port']}"


def ask(path, questions):
    """What `port --json` answers to each of them, from a recording."""
    done = subprocess.run([os.path.join(TOOLS, "asker"), path], input="\n".join(questions) + "\n",
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.split("\n") if line]
    assert len(answers) == len(questions)
    return answers


def said(answer, proto):
    """The answer in the words of bind_table.py."""
    bind = answer["bind"][proto]
    way = {key: bind[key] for key in ("plain", "reuseaddr", "reuseport", "both")}
    way["reuseport_other"] = bind["plain"] or (bind["reuseport"] and bind["reuseport_uid"] is None)
    return way


def errors(cells, path):
    """Every answer that is not what bind() says."""
    jobs = [(cell, address) for cell in cells for address in cell["binds"]]
    found = []
    for (cell, address), answer in zip(jobs, ask(path, [asked(*job) for job in jobs])):
        real = cell["binds"][address]
        got = said(answer, cell["proto"])
        if got != real or answer["held"] == real["plain"]:
            found.append(f"{cell['name']}: bind of {address} is {real}, said {got}")
    return found


def spellings(cells, path):
    """One and the same question, as it is written in different places."""
    for cell in cells:
        port, tcp = cell["port"], cell["proto"]
        a = ask(path, [f"{tcp}/{q}" for q in (
            f"[::]:{port}", f":::{port}", f"*:{port}", f"{port}", f"127.0.0.1:{port}",
            f"[::1]:{port}", f"::1:{port}", f"localhost:{port}")])
        held = [x["held"] for x in a]
        assert held[:4] == [held[0]] * 4, (cell["name"], held)
        assert held[5] == held[6] and held[7] == (held[4] or held[5]), (cell["name"], held)


def await_time_waits(cells, path):
    """No event tells of them: the recorder's next scan does."""
    last = [c for c in cells if "time-wait" in c["name"]][-1]
    until = time.monotonic() + PATIENCE
    while not ask(path, [f"tcp/{last['port']}"])[0]["held"]:
        assert time.monotonic() < until, f"{last} was never recorded"
        time.sleep(0.2)


@pytest.mark.parametrize("mode", ["full", "lean", "late"])
def test_every_bind(table, tmp_path, mode):
    options = [] if mode == "late" else [f"--fd={mode}"]
    if mode == "late":
        table.fill()
    recorder = Recorder(table, tmp_path / "r.prb", *options)
    try:
        if mode != "late":
            table.fill()
        await_time_waits(table.cells, recorder.path)
    finally:
        recorder.end()
    table.bind()
    found = errors(table.cells, recorder.path)
    assert not found, "\n".join(found[:12] + [f"{len(found)} in all"])
    spellings([c for c in table.cells if c["name"].startswith(
        ("tcp bound", "tcp listen", "udp bound")) and not c["flags"]], recorder.path)


SAMPLES = ["tcp listen dual", "tcp listen only6", "tcp listen mapped", "tcp over any4",
           "tcp client-reset any4", "tcp time-wait any4", "udp bound loop6"]


@pytest.mark.parametrize("tier", ["bpf", "proc"])
def test_asked_there(table, tier):
    """The command itself, in that namespace: the exit code is what a plain bind would meet."""
    table.fill()
    table.bind()
    options = ["--no-bpf"] if tier == "proc" else []
    for name in SAMPLES:
        cell = next(c for c in table.cells if c["name"] == f"{name} flags=0")
        for address in ("0.0.0.0", "::", "::1"):
            done = subprocess.run(table.inside(PROBATE, *options, "--json", "port",
                                               asked(cell, address)),
                                  capture_output=True, text=True, timeout=PATIENCE)
            real = cell["binds"][address]["plain"]
            assert done.returncode == int(real), (name, address, done.stdout, done.stderr)
            assert json.loads(done.stdout)["held"] == (not real), (name, address)


def test_elsewhere(table, probate):
    """Asked from outside: it is free here, and what is there is told as being there."""
    table.fill()
    cell = next(c for c in table.cells if c["name"] == "tcp listen any4 flags=0")
    netns = os.stat(f"/proc/{table.proc.pid}/ns/net").st_ino
    got = probate("port", "--json", f"127.3.4.5:{cell['port']}", codes=(1,)).one()
    assert not got["held"] and got["bind"]["tcp"]["plain"]
    there = [s for s in got["sockets"] if s["netns"] == netns]
    assert there and all(s["elsewhere"] for s in there)
    assert all(f"network namespace {netns}" in s["action"] for s in there)
    done = subprocess.run([PROBATE, "port", f"127.3.4.5:{cell['port']}"], capture_output=True,
                          text=True, timeout=PATIENCE)
    assert done.stdout.startswith("Nothing in this network namespace holds"), done.stdout
    assert f"In network namespace {netns}" in done.stdout
