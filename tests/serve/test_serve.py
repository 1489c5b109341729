"""`probate serve` on the live kernel: facts, exact counts, rights, restarts."""
import concurrent.futures
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error

import pytest

from serve_tools import PROBATE, TOOLS, Actor, Leak, STUCK, ZOMBIES
from serve_tools import exporter, left_out, planted  # noqa: F401  fixtures

GEN = os.path.join(TOOLS, "gen")
PROCS, CONNS = 50000, 50000


def kernel_count(path, line, field):
    """A counter of the kernel's own: /proc/stat processes, /proc/net/snmp Tcp ActiveOpens ..."""
    with open(path) as f:
        rows = [r.split() for r in f if r.startswith(line)]
    if field is None:
        return int(rows[0][1])
    return int(rows[1][rows[0].index(field)])


def generate(*args):
    done = subprocess.run([GEN, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- what is told ------------------------------------------------------------------------------

def test_leaks_and_zombies(exporter, planted):
    """Leaked ports of both protocols and zombies of two reasons, in the page after the next."""
    serve = exporter()
    before = serve.settled()
    for kind in ("tcp", "tcp", "udp"):
        planted.append(Leak(kind).kill())
    planted += [Actor(ZOMBIES, 4, "stay"), Actor(ZOMBIES, 3, "stop")]
    serve.settled()
    # nobody is accused of a zombie that is a moment old
    page = serve.until(lambda p: p("probate_zombies", reason="parent_not_waiting")
                       - before("probate_zombies", reason="parent_not_waiting") == 4)
    assert page("probate_leaks_total") - before("probate_leaks_total") == 3
    assert page("probate_leaked_sockets", proto="tcp") - before("probate_leaked_sockets", proto="tcp") == 2
    assert page("probate_leaked_sockets", proto="udp") - before("probate_leaked_sockets", proto="udp") == 1
    assert page("probate_leaked_sockets_by_program", program="sleep") == 3
    for reason, n in (("parent_not_waiting", 4), ("parent_stopped", 3)):
        assert page("probate_zombies", reason=reason) - before("probate_zombies", reason=reason) == n
    assert page("probate_exits_total", death="failure") - before("probate_exits_total", death="failure") >= 7


def test_leak_from_before(exporter, planted):
    """The socket was there before anything watched; who made it is proven by its credentials."""
    leaks = [Leak("tcp"), Leak("udp")]
    planted += leaks
    serve = exporter()
    before = serve.scrape()
    for leak in leaks:
        leak.kill()
    page = serve.settled()
    assert page("probate_leaked_sockets") - before("probate_leaked_sockets") == 2


def test_stuck_connection(exporter, planted):
    serve = exporter()
    before = serve.settled()
    stuck = Actor(STUCK)
    planted.append(stuck)
    page = serve.settled()
    assert page("probate_stuck_connections") - before("probate_stuck_connections") == 1
    stuck.end()
    page = serve.settled()
    assert page("probate_stuck_connections") == before("probate_stuck_connections")


def test_landing_page(exporter, planted):
    serve = exporter()
    leak = Leak("tcp").kill()
    planted += [leak, Actor(ZOMBIES, 2, "stay")]
    serve.settled()
    serve.until(lambda p: p("probate_zombies", reason="parent_not_waiting") >= 2)
    page = serve.get("/")
    assert f"127.0.0.1:{leak.port}" in page, page[-3000:]
    assert "parent_not_waiting" in page, page[-3000:]
    assert not re.search(r"<script|src=|@import", page)


# ---- exact, whatever happens --------------------------------------------------------------------

def test_counts_are_exact(exporter, tmp_path):
    """The generator's own count is the least there can be, the kernel's own the most: others fork
    and connect, too, but on a quiet machine the two are one."""
    serve = exporter()
    before = serve.scrape()
    kernel = [kernel_count("/proc/stat", "processes", None)]
    generate("procs", tmp_path / "children", PROCS, 0.2)
    page = serve.scrape()
    kernel.append(kernel_count("/proc/stat", "processes", None))
    delta = {name: page(name) - before(name) for name in (
        "probate_forks_total", "probate_execs_total", "probate_exits_total",
        "probate_events_lost_total")}
    with open(tmp_path / "children") as f:
        ran = sum(line.split()[1] == "1" for line in f)
    assert PROCS <= delta["probate_forks_total"] <= kernel[1] - kernel[0]
    assert PROCS <= delta["probate_exits_total"] <= kernel[1] - kernel[0] + before("probate_processes")
    assert ran <= delta["probate_execs_total"] <= ran + kernel[1] - kernel[0] - PROCS
    assert delta["probate_events_lost_total"] == 0
    codes = page("probate_exits_total", death="failure") - before("probate_exits_total", death="failure")
    assert codes >= PROCS - ran


def test_connections_are_exact(exporter):
    serve = exporter()
    before = serve.scrape()
    opens = ["ActiveOpens", "PassiveOpens"]
    kernel = [kernel_count("/proc/net/snmp", "Tcp:", name) for name in opens]
    generate("conns", CONNS)
    page = serve.scrape()
    most = [kernel_count("/proc/net/snmp", "Tcp:", name) - was for name, was in zip(opens, kernel)]
    for direction, limit in zip(("out", "in"), most):
        n = (page("probate_tcp_connections_total", direction=direction)
             - before("probate_tcp_connections_total", direction=direction))
        assert CONNS + 1 <= n <= limit  # one is the scrape's own
    assert (page("probate_tcp_state_changes_total", state="established")
            - before("probate_tcp_state_changes_total", state="established")) >= 2 * CONNS + 2
    assert page("probate_events_lost_total") == before("probate_events_lost_total")


def test_lost_and_counted_is_all(exporter, tmp_path):
    """A tiny ring, and a reader that is stopped: what was lost and what was read is all there was."""
    serve = exporter("--buffer", "16K")
    os.kill(serve.pid, signal.SIGSTOP)
    try:
        os.waitid(os.P_PID, serve.pid, os.WSTOPPED | os.WNOWAIT)
        generate("procs", tmp_path / "children", 5000, 0.2)
    finally:
        os.kill(serve.pid, signal.SIGCONT)
    def told(page, kind):
        return page("probate_events_total", kind=kind) + page("probate_ring_lost_total", kind=kind)

    kinds = {"fork": "probate_forks_total", "exec": "probate_execs_total", "exit": "probate_exits_total"}
    # what waits in the ring is neither read nor lost yet
    page = serve.until(lambda p: all(told(p, kind) == p(produced) for kind, produced in kinds.items()))
    assert all(page("probate_ring_lost_total", kind=kind) > 0 for kind in kinds)
    serve.until(lambda p: serve.ready())


# ---- rights ------------------------------------------------------------------------------------

def test_no_rights_are_left(exporter, planted):
    serve = exporter()
    for tid in serve.threads():
        status = serve.status(tid)
        assert set(status["Uid"].split()) == {"65534"} and "0" not in status["Groups"].split()
        for one in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[one], 16) == 0, (tid, one)
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    before = serve.settled()  # and it is still right
    planted.append(Leak("tcp").kill())
    assert serve.settled()("probate_leaked_sockets") == before("probate_leaked_sockets") + 1


def test_two_capabilities_are_enough(exporter, planted):
    """As a service manager starts it: a user of its own with CAP_BPF and CAP_PERFMON."""
    two = "-all,+bpf,+perfmon"
    before = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps={two}",
              f"--ambient-caps={two}", f"--bounding-set={two}"]
    tried = subprocess.run([*before, "true"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"these two cannot be given here: {tried.stderr.strip()}")
    with tempfile.TemporaryDirectory(prefix="probate-") as directory:
        os.chown(directory, 65534, 65534)
        serve = exporter(before=before, RUNTIME_DIRECTORY=directory)
        status = serve.status()
        assert all(int(status[one], 16) == 0 for one in ("CapPrm", "CapEff", "CapInh", "CapAmb"))
        assert status["Seccomp"] == "2"
        base = serve.settled()("probate_leaked_sockets")
        planted.append(Leak("tcp").kill())
        page = serve.settled()
        assert page("probate_leaked_sockets") == base + 1
        assert page("probate_state_saved_timestamp_seconds") > 0
        serve.end()


def test_a_flood_disturbs_nothing(exporter, tmp_path):
    """Requests from eight clients at once while processes come and go: all is counted, none is
    lost, and memory stays what it was."""
    serve = exporter()
    before = serve.settled()
    paths = ["/metrics", "/", "/nothing", "/-/healthy", "/metrics?" + "x" * 9000]

    def flood(client):
        codes = []
        for i in range(300):
            try:
                serve.get(paths[(client + i) % len(paths)])
                codes.append(200)
            except urllib.error.HTTPError as e:
                codes.append(e.code)
            except OSError:
                codes.append(None)  # one connection too many
        return codes
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(flood, client) for client in range(8)]
        generate("procs", tmp_path / "children", 3000, 0.2)
        codes = {code for answer in answers for code in answer.result()}
    assert 200 in codes and 404 in codes and 500 not in codes, codes
    page = serve.settled()
    assert page("probate_forks_total") - before("probate_forks_total") >= 3000
    assert page("probate_events_lost_total") == before("probate_events_lost_total")
    assert (page("process_resident_memory_bytes")
            < before("process_resident_memory_bytes") + (24 << 20))


def test_the_watchdog_hears_in_time(exporter, tmp_path):
    """However quiet it is: a sign of life after half of the time."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(tmp_path / "notify"))
        s.settimeout(10)
        exporter(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="200000")
        heard = []
        while len(heard) < 12:
            if s.recv(4096) == b"WATCHDOG=1\n":
                heard.append(time.monotonic())
    gaps = sorted(b - a for a, b in zip(heard, heard[1:]))
    assert gaps[len(gaps) * 3 // 4] < 0.2, gaps


# ---- a recording beside it -----------------------------------------------------------------------

def test_record(exporter, planted, probate, tmp_path):
    """One set of hooks for both; the directory is given to whom it becomes."""
    serve = exporter("--record", f"{tmp_path}/rec/")
    base = serve.settled()("probate_leaked_sockets")
    leak = Leak("tcp").kill()
    planted.append(leak)
    page = serve.settled()
    assert page("probate_leaked_sockets") == base + 1
    serve.until(lambda p: p("probate_recorded_bytes_total") > 0)
    serve.end()
    told = probate("-r", tmp_path / "rec", "--json", "port", leak.port).one()
    assert [s["verdict"] for s in told["sockets"]] == ["leaked"]


def test_a_directory_it_could_not_write(exporter, tmp_path):
    """A directory of root's is not written by whom it becomes: it says so, and does not begin."""
    (tmp_path / "rec").mkdir()
    with pytest.raises(AssertionError, match="rec.*nobody|nobody.*rec"):
        exporter("--record", f"{tmp_path}/rec/", "--user", "nobody")


# ---- restarts ----------------------------------------------------------------------------------

@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_restart(exporter, planted, how):
    serve = exporter()
    base = serve.settled()("probate_leaked_sockets")
    known = time.time()
    planted += [Leak("tcp").kill(), Leak("udp").kill()]
    page = serve.settled()
    assert page("probate_leaked_sockets") == base + 2
    serve.until(lambda p: p("probate_state_saved_timestamp_seconds") > known)
    serve.end(how)
    page = exporter().settled()
    assert page("probate_leaked_sockets") == base + 2
    assert page("probate_leaks_total") == 0  # a counter begins anew, what it counted is still there
    assert page("process_start_time_seconds") > known - 1
    assert page("probate_watching_start_timestamp_seconds") < known


# ---- one-shots ask it ----------------------------------------------------------------------------

def test_one_shots_know_what_it_knows(exporter, planted, tmp_path):
    """What the metric says leaked, `ports --leaked` names: maker, holder and all."""
    serve = exporter()
    base = serve.settled()("probate_leaked_sockets")
    leaks = [Leak("tcp").kill(), Leak("udp").kill()]
    planted += leaks
    assert serve.settled()("probate_leaked_sockets") == base + 2
    env = dict(os.environ, PROBATE_RUN=str(tmp_path / "run"))

    def ask(*args):
        return subprocess.run([PROBATE, "--json", *map(str, args)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30, env=env)
    done = ask("ports", "--leaked")
    assert done.returncode == 1 and "history" in done.stderr, done.stderr
    told = {int(json.loads(line)["local"].rsplit(":", 1)[1]): json.loads(line)
            for line in done.stdout.splitlines() if "127.0.0.1:" in line}
    for leak in leaks:
        assert told[leak.port]["creator"]["pid"] == leak.said["maker"]
        assert [h["pid"] for h in told[leak.port]["holders"]] == [leak.holder]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:  # several at once, each answered
        for done in pool.map(lambda i: ask("port", leaks[i % 2].port), range(12)):
            socks = json.loads(done.stdout)["sockets"]
            left = [s["verdict"] for s in socks if s["verdict"] != "orphaned"]  # of tests before
            assert left == ["leaked"], done.stderr
    past = ask("--at", "-1m", "ports")
    assert past.returncode == 2 and "recorder" in past.stderr  # it knows the state, not the past
