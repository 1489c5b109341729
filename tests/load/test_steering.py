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
import test_load
from test_load import (CONNS, GEN, PROBATE, PROCS, ROOMY, Connections, Tracer, lost_events, probate,
                       read_children, report, room)

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


@pytest.mark.parametrize("beside", ["idle", "busy"])
def test_steered_connections_are_told_once(request, probate, room, beside):
    """Each state exactly once; or as many lost as are missing."""
    if beside == "busy":
        request.getfixturevalue("busy")
    with Tracer(room, "trace", "--json", "--fd=full", *ROOMY) as tracer:
        totals = steered(GEN, "conns", CONNS)
        tracer.await_marker()
        assert tracer.stop() in (0, 4), tracer.words()
        lost = sum(event["count"] for event in lost_events(tracer.out))
        connections = Connections(tracer.out, totals["workers"])
        report(duplicates(connections))
        if sockops_in_use() and not lost:
            report(connections.problems(CONNS))
        elif sockops_in_use():
            assert missing(connections) <= lost


def test_steered_processes_are_told_once(probate, room):
    path = os.path.join(room, "children")
    with Tracer(room, "trace", "--json", "--fd=lean", *ROOMY) as tracer:
        steered("sh", "-c", '"$0" conns 5000 >/dev/null & exec "$0" procs "$1" %d' % PROCS,
                GEN, path)
        tracer.await_marker()
        assert tracer.stop() == 0, tracer.words()
        assert not lost_events(tracer.out)
        told = collections.Counter()
        for event in test_load.read_events(tracer.out, "fork", "exit"):
            told[event["event"], event.get("child") or event["pid"], event["start"]] += 1
        report([key for key, times in told.items() if times > 1])
        children = {child.pid for child in read_children(path)}
        for kind in ("fork", "exit"):
            assert children <= {pid for what, pid, _ in told if what == kind}


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


def test_exporter_counts_every_state(exporter):
    """Each connection enters each of these once at one end or at both."""
    by_socket, conns = sockops_in_use(), CONNS
    others, before = opened(), exporter()
    steered(GEN, "conns", conns)
    deadline = time.monotonic() + PATIENCE_S
    page = exporter()
    while not by_socket and not counts_agree(page) and time.monotonic() < deadline:
        page = exporter()  # others may connect while it is read
    others = opened() - others + conns // 100
    assert total(page, "program_skips_total", outcome="lost") == 0
    if not by_socket:
        assert counts_agree(page)
        return
    for state, ends in ("SYN_SENT", 1), ("SYN_RECV", 1), ("ESTABLISHED", 2), ("CLOSE", 2):
        grew = grown(before, page, state.lower())
        assert ends * conns <= grew <= ends * conns + others, state
