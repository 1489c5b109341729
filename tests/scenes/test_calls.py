"""Forms of system calls that are seldom used mean the same as those that are (calls/calls.c)."""
import json
import os
import subprocess

import pytest

PROBATE = os.environ.get("PROBATE", "build/probate")
TOOLS = os.path.abspath(os.environ.get("TOOLS", "build/tests"))


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """What calls did, and what was told of it."""
    if os.geteuid():
        pytest.skip("tracing needs root")
    room = tmp_path_factory.mktemp("calls")
    done = subprocess.run([PROBATE, "--json", "trace", "--fd=full", "--", "sh", "-c",
                           '"$0" > "$1"', os.path.join(TOOLS, "calls"), room / "facts"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "PROBATE_RUN": str(room)})
    assert done.returncode == 0, done.stderr
    facts = json.loads((room / "facts").read_text())
    return facts, [json.loads(line) for line in done.stdout.split("\n") if line]


def test_many_messages_at_once(traced):
    facts, events = traced
    mine = [e for e in events if e["pid"] == facts["pid"]]
    assert [e["fd"] for e in mine if e["event"] == "pass"] == [facts["sent"]]
    assert [e["fd"] for e in mine if e["event"] == "install" and e["via"] == "scm_rights"] == [
        facts["received"]]


def test_pidfd_of_a_thread(traced):
    facts, events = traced
    if "stolen" not in facts:
        pytest.skip("the kernel has no pidfds of threads")
    assert [(e["fd"], e["from"]) for e in events
            if e["event"] == "install" and e["via"] == "pidfd_getfd"] == [
                (facts["stolen"], facts["from"])]


@pytest.mark.parametrize("who", ["by_pidfd", "by_pid"])
def test_wait_that_asks_not_to_be_told(traced, who):
    facts, events = traced
    assert [e["reaper"] for e in events
            if e["event"] == "reap" and e["child"] == facts[who]] == [facts["pid"]]


def test_group_of_a_child_in_a_nested_namespace(traced):
    facts, events = traced
    child = next(e["child"] for e in events if e["event"] == "fork" and e["pid"] == facts["nsinit"])
    assert [(e["target"], e["pgid"]) for e in events
            if e["event"] == "session" and e["pid"] == facts["nsinit"]] == [(child, child)]


def test_bind_to_an_address_of_another_family(traced):
    facts, events = traced
    binds = [(e["error"], e.get("local"), e.get("name")) for e in events
             if e["event"] == "bind" and e["pid"] == facts["pid"] and e["error"]]
    assert binds == [("EAFNOSUPPORT", None, None),
                     ("EADDRINUSE", "0.0.0.0:%d" % facts["port"], None),
                     ("EINVAL", None, None)]
