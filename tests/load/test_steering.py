"""Packet steering: TCP states change in interrupts that land in the middle of other changes.

A tracing program that runs already on a processor is skipped there, so whoever looks on by one
program loses states here. The connections are made in a network namespace of their own with a sysfs
of its own: the one of the host would show the host's device.
"""
import collections
import json
import os
import re
import subprocess
import time
import urllib.request

import pytest
from test_load import (CONNS, GEN, PROBATE, PROCS, ROOMY, SLACK_NS, Connections, Tracer, lives_of,
                       lost_events, probate, read_children, read_events, report, room)

__all__ = ["probate", "room"]  # fixtures
STEER = """mount --make-rprivate /sys && mount -t sysfs sysfs /sys && ip link set lo up &&
echo 3 > /sys/class/net/lo/queues/rx-0/rps_cpus || exit 77
"$@" || exit 1
for i in $(seq 200); do
    ss -Htn | grep -qE '^(FIN-WAIT|CLOSING|LAST-ACK|CLOSE-WAIT)' || exit 0
    sleep 0.1
done
exit 78
"""
PATIENCE_S = 30
FULL = os.environ.get("PROBATE_STORMS") == "full"
OTHERS = 20  # changes of sockets that are not TCP's: of MPTCP, when somebody else on the machine has them


def steered(*argv):
    """Runs it where packets are steered, until its connections are over; what it printed."""
    if (os.cpu_count() or 1) < 2:
        pytest.skip("packets can be steered to another processor only where there is one")
    done = subprocess.run(["unshare", "-n", "-m", "--propagation", "unchanged", "sh", "-c", STEER, "sh", *map(str, argv)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
    if done.returncode == 77:
        pytest.skip("no packet steering here: " + done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def busy():
    """Two loops that take all the time they get."""
    loops = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2)]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


def sockops_in_use():
    doctor = subprocess.run([PROBATE, "doctor", "--json"], capture_output=True, text=True)
    return any(hook["name"] == "sockops" and hook["fired"]
               for hook in json.loads(doctor.stdout)["hooks"])


def duplicates(connections):
    """A connection enters a state once, so it is told once."""
    cookies = {event["cookie"] for events in connections.opened.values() for event in events}
    told = {cookie: connections.states[cookie] for cookie in cookies - {None}}
    return ["%s: %s" % item for item in told.items() if len(set(item[1])) < len(item[1])]


def missing(connections):
    """Of the states that every connection goes through at each of its ends."""
    return sum(1 for events in connections.opened.values() for event in events
               for state in ("ESTABLISHED", "CLOSE")
               if state not in connections.states[event["cookie"]])


def listeners_missing(path, ports):
    """Without descriptor events connections are not told, but whoever listens is, with its end."""
    told = collections.defaultdict(collections.Counter)
    begun = {}
    for event in read_events(path, "state"):
        if event["state"] == "LISTEN" and event["local"] in {"127.0.0.1:%d" % port for port in ports}:
            begun[event["cookie"]] = event["local"]
        told[event["cookie"]][event["state"]] += 1
    report(["%s: %s" % (begun[c], told[c]) for c in begun if max(told[c].values()) > 1])
    return sum(2 - sum(told[c][state] for c in begun if begun[c].endswith(":%d" % port)
                       for state in ("LISTEN", "CLOSE")) for port in ports)


class Lives:
    """How often the fork and the exit of each of these processes were told."""

    def __init__(self, path, children):
        lives, starts = lives_of(path)
        self.missing, self.duplicates = 0, []
        for child in children:
            mine = [start for start in starts[child.pid]
                    if child.before_ns - SLACK_NS <= start <= child.after_ns + SLACK_NS]
            told = collections.Counter(event["event"] for start in mine
                                       for event in lives[child.pid, start])
            self.missing += sum(not told[kind] for kind in ("fork", "exit"))
            if max(told["fork"], told["exit"]) > 1:
                self.duplicates.append("%s: %s" % (child, told))


# connections and processes, both at once
STORM = '"$0" procs "$1" %d >/dev/null & "$0" conns %d && wait $!'


@pytest.mark.parametrize("beside", ["idle", "busy"])
@pytest.mark.parametrize("fd", ["full", "lean"])
def test_steered_storm_is_told_once(request, probate, room, fd, beside):
    """Each state, fork and exit exactly once; or no more are missing than were counted as lost."""
    conns, procs = (CONNS, PROCS) if beside == "idle" or FULL else (CONNS // 5, PROCS // 5)
    if beside == "busy":
        request.getfixturevalue("busy")
    path = os.path.join(room, "children")
    with Tracer(room, "trace", "--json", "--fd=" + fd, *ROOMY) as tracer:
        totals = steered("sh", "-c", STORM % (procs, conns), GEN, path)
        tracer.await_marker()
        code = tracer.stop()
        lost = sum(event["count"] for event in lost_events(tracer.out))
        assert code == 0 or (lost and code == 4), tracer.words()
        children = read_children(path)
        assert len(children) == procs
        lives = Lives(tracer.out, children)
        report(lives.duplicates)
        away = lives.missing
        if fd == "full":
            connections = Connections(tracer.out, totals["workers"])
            report(duplicates(connections))
            if sockops_in_use() and not lost:
                report(connections.problems(conns))
            away += missing(connections) if sockops_in_use() else 0
        else:
            away += listeners_missing(tracer.out, totals["ports"])
        assert away <= lost, (away, lost)


def scrape(address):
    with urllib.request.urlopen("http://%s/metrics" % address, timeout=10) as page:
        text = page.read().decode()
    return {name: float(value) for name, value in re.findall(r"^(\w+(?:{.*})?) (\S+)$", text, re.M)}


def total(page, family, **labels):
    wanted = ['%s="%s"' % item for item in labels.items()]
    return sum(value for name, value in page.items() if name.split("{")[0] == "probate_" + family
               and all(label in name for label in wanted))


def opened():
    """Connections of this network namespace so far: somebody else's, too."""
    with open("/proc/net/snmp") as f:
        names, values = [line.split() for line in f if line.startswith("Tcp:")]
    counters = dict(zip(names, values))
    return int(counters["ActiveOpens"]) + int(counters["PassiveOpens"])


@pytest.fixture
def exporter(probate, tmp_path):
    """A function that reads the page of a running exporter."""
    env = {**os.environ, "PROBATE_RUN": str(tmp_path)}
    with subprocess.Popen([PROBATE, "serve", "--web.listen-address=127.0.0.1:0", "--collector.bpf"],
                          stderr=subprocess.PIPE, text=True, env=env) as serve:
        try:
            found = next(filter(None, (re.search(r"http://([\d.]+:\d+)", line)
                                       for line in serve.stderr)))
            yield lambda: scrape(found[1])
        finally:
            serve.terminate()
            serve.stderr.read()


def counts_agree(page):
    """What was counted, with the runs of the tracepoint's two copies: where it counts alone."""
    seen = (total(page, "bpf_runs_total", program="sock_state")
            + total(page, "program_skips_total", outcome="made_good"))
    counted = total(page, "tcp_state_changes_total")
    return counted <= seen <= counted + OTHERS


def grown(before, page, state):
    return (total(page, "tcp_state_changes_total", state=state)
            - total(before, "tcp_state_changes_total", state=state))


def made(before, page, kind):
    """Events of the kind that were read, and those that are counted as lost."""
    return sum(total(page, family, kind=kind) - total(before, family, kind=kind)
               for family in ("events_total", "ring_lost_total"))


def tasks():
    """Processes and threads that were ever made here."""
    with open("/proc/stat") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("processes "))


@pytest.mark.parametrize("beside", ["idle", "busy"])
def test_exporter_counts_every_state(request, exporter, tmp_path, beside):
    """Each connection enters each of these once at one end or at both; and each process begins and ends."""
    if beside == "busy":
        request.getfixturevalue("busy")
    by_socket = sockops_in_use()
    conns, procs = (CONNS, PROCS) if beside == "idle" or FULL else (CONNS // 5, PROCS // 5)
    others, most, before = opened(), tasks(), exporter()
    steered("sh", "-c", STORM % (procs, conns), GEN, tmp_path / "children")
    deadline = time.monotonic() + PATIENCE_S
    page = exporter()
    while not by_socket and not counts_agree(page) and time.monotonic() < deadline:
        page = exporter()  # others may connect while it is read
    others = opened() - others + conns // 100
    assert procs <= made(before, page, "fork") <= tasks() - most
    assert procs <= made(before, page, "exit")
    assert total(page, "program_skips_total", outcome="lost") == 0
    if not by_socket:
        assert counts_agree(page)
        return
    for state, ends in ("SYN_SENT", 1), ("SYN_RECV", 1), ("ESTABLISHED", 2), ("CLOSE", 2):
        grew = grown(before, page, state.lower())
        assert ends * conns <= grew <= ends * conns + others, state
