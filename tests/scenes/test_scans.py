"""Scans that see all of it: many UNIX sockets, much in flight, many network namespaces."""
import json
import os
import re
import subprocess
import sys
import time

import pytest

from conftest import PATIENCE, PROBATE, Lines, end_all

NAMED, QUEUES, EACH = 3000, 10, 250

# Told what to make in argv, it makes it, says what it made, and stays until its input ends.
SWARM = r"""
import array, json, os, resource, socket, sys
tag, named, queues, each = sys.argv[1], *map(int, sys.argv[2:5])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
kept, flying = [], []
for i in range(named):
    s = socket.socket(socket.AF_UNIX, (socket.SOCK_STREAM, socket.SOCK_DGRAM)[i % 2])
    s.bind("\0%s-%d" % (tag, i))
    if not i % 2:
        s.listen(1)
    kept.append(s)
for i in range(queues):
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    for k in range(each):
        t = socket.socket()
        t.bind(("127.0.0.1", 0))
        if k % 2:
            t.listen(1)
        flying.append((t.getsockname()[1], os.fstat(t.fileno()).st_ino))
        # the second of each queue is sent twice
        rights = array.array("i", [t.fileno()] * (1 + (k == 1)))
        a.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        t.close()
    kept += [a, b]
print(json.dumps(flying), flush=True)
sys.stdin.read()
"""


class Swarm:
    def __init__(self, tag, named, queues, each):
        self.proc = subprocess.Popen([sys.executable, "-c", SWARM, tag, *map(str, (named, queues, each))],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.out = Lines(self.proc.stdout)
        assert self.out.wait(lambda lines: lines, 60), "the swarm never came"
        self.flying = json.loads(self.out.lines[0])

    def end(self):
        self.proc.stdin.close()
        try:
            self.proc.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()


@pytest.fixture
def swarm(probate):
    started = []

    def start(*args):
        started.append(Swarm(*args))
        return started[-1]

    yield start
    end_all(started)


def names(objects, tag):
    return {o["local"] for o in objects if o.get("local", "").startswith(f"@{tag}-")}


def in_flight(objects):
    return {o["inode"] for o in objects
            if o.get("hidden") and o["hidden"]["where"] == "in_flight"}


def test_many_unix_sockets(probate, swarm, watch):
    """Each is shown at once, live and from the recording that the watch makes beside it."""
    s = swarm("many", NAMED, QUEUES, EACH)
    want = {f"@many-{i}" for i in range(NAMED)}
    flying = {inode for _, inode in s.flying}
    got = probate("ports", "--json", codes=(0,))
    assert names(got.objects, "many") == want
    assert flying <= in_flight(got.objects)
    assert "ncomplete" not in got.err
    w = watch("ports", "-w", "--json")
    assert w.poll(lambda o: names(o, "many") == want and flying <= in_flight(o), 30)
    for i in (0, 1, NAMED // 2, NAMED - 1):
        one = probate("port", "--json", f"@many-{i}", codes=(0,)).one()
        assert [x["local"] for x in one["sockets"]] == [f"@many-{i}"]


# To be preloaded: how many walks were begun (BPF_ITER_CREATE), said at the end.
WALKS = r"""
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
static int walks;
long syscall(long nr, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall"), a[6];
	va_list ap;
	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	walks += nr == SYS_bpf && a[0] == 33;
	return real(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}
__attribute__((destructor)) static void say(void)
{
	fprintf(stderr, "walks: %d\n", walks);
}
"""


@pytest.mark.skipif("/san/" in PROBATE, reason="the sanitizers want to come first")
def test_walks_do_not_grow_with_sockets(probate, swarm, tmp_path, monkeypatch):
    """Each walks past all there is, so their number must not depend on it."""
    lib = tmp_path / "walks.so"
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-xc", "-", "-o", lib, "-ldl"],
                   input=WALKS, text=True, check=True)

    def walks(name):
        """The least of some: sockets of others that come meanwhile make it look again."""
        with monkeypatch.context() as m:
            m.setenv("LD_PRELOAD", str(lib))
            got = [probate("port", "--json", name, codes=(0,)) for _ in range(3)]
        assert all(len(g.one()["sockets"]) == 1 for g in got)
        return min(int(re.search(r"walks: (\d+)", g.err)[1]) for g in got)

    swarm("few", 10, 0, 0)
    few = walks("@few-7")
    swarm("crowd", 15000, 0, 0)
    assert walks("@crowd-14999") <= few + 3


def test_many_names_without_bpf(probate, swarm):
    swarm("proc", NAMED, 0, 0)
    got = probate("--no-bpf", "ports", "--json", codes=(0,))
    assert names(got.objects, "proc") == {f"@proc-{i}" for i in range(NAMED)}


def test_in_flight_is_found_by_its_port(probate, swarm):
    """What `ports` shows, `port` finds: bound only, or listening, the first and the last of a queue."""
    s = swarm("fly", 0, 2, 4)
    shown = {o["inode"]: o for o in probate("ports", "--json").objects}
    for port, inode in s.flying:
        assert shown[inode]["hidden"]["where"] == "in_flight"
        one = probate("port", "--json", port, codes=(0,)).one()
        assert inode in [x["inode"] for x in one["sockets"] if x["hidden"]], port
        assert [p["pid"] for x in one["sockets"] if x["inode"] == inode
                for p in x["hidden"]["queue"]["holders"]] == [s.proc.pid]


def test_in_flight_is_a_number_a_queue(swarm, watch):
    """A socket that is twice in a queue is told once, with its number."""
    s = swarm("twice", 0, 3, 2)
    w = watch("trace", "--raw")
    want = {inode: 1 + i % 2 for i, (_, inode) in enumerate(s.flying)}
    line = re.compile(r" scan_queue .*\binode=(\d+) .*\bcount=(\d+)")

    def counted(lines):
        told = [tuple(map(int, m.groups())) for m in map(line.search, lines) if m]
        return want == dict(t for t in told if t[0] in want)

    assert w.out.wait(counted, 30), w.out.lines[-5:]


# ---- MPTCP ------------------------------------------------------------------------------------

# A listener, a connection to it and its accepted end; then another program inherits the listener.
MPTCP = r"""
import json, os, socket, subprocess, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
s.bind(("127.0.0.1", 0))
s.listen(8)
s.set_inheritable(True)
c = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
c.connect(s.getsockname())
a, _ = s.accept()
child = subprocess.Popen(["cat"], close_fds=False, stdin=subprocess.PIPE)
print(json.dumps({"port": s.getsockname()[1], "cat": child.pid,
                  "inodes": [os.fstat(x.fileno()).st_ino for x in (s, a, c)]}), flush=True)
if sys.stdin.readline():  # a word: the maker is gone, the other program stays with its input open
    os.set_inheritable(child.stdin.fileno(), True)
    os._exit(0)
"""


class Mptcp(Swarm):
    def __init__(self):  # pylint: disable=super-init-not-called
        # its group: whoever holds the pipe of the other program's input ends it
        self.keep, hand = os.pipe()
        self.proc = subprocess.Popen([sys.executable, "-c", MPTCP.replace(
            "stdin=subprocess.PIPE", f"stdin={self.keep}")
            .replace("os.set_inheritable(child.stdin.fileno(), True)", "pass")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[self.keep])
        self.hand = hand
        self.out = Lines(self.proc.stdout)
        assert self.out.wait(lambda lines: lines, 20), "MPTCP never listened"
        self.facts = json.loads(self.out.lines[0])

    def leave(self):
        """The maker ends, and `cat` keeps what it inherited."""
        self.proc.stdin.write("go\n")
        self.proc.stdin.flush()
        self.proc.wait(20)

    def end(self):
        os.close(self.hand)
        os.close(self.keep)
        super().end()


def mptcp_enabled():
    try:
        with open("/proc/sys/net/mptcp/enabled") as f:
            return f.read().strip() == "1"
    except OSError:
        return False


@pytest.fixture
def mptcp(probate):
    if not mptcp_enabled():
        pytest.skip("this kernel has no MPTCP")
    started = []

    def start():
        started.append(Mptcp())
        return started[-1]

    yield start
    end_all(started)


def of_port(probate, port):
    return probate("port", "--json", port, codes=(0,)).one()["sockets"]


def test_mptcp_is_one_socket(probate, mptcp):
    """What stands behind the descriptor is the socket; subflows belong to it."""
    m = mptcp()
    listener, accepted, _ = m.facts["inodes"]
    got = of_port(probate, m.facts["port"])
    assert sorted(x["inode"] for x in got) == sorted([listener, accepted]), got
    assert {x["proto"] for x in got} == {"mptcp"}
    assert {x["verdict"] for x in got} == {"held"}
    by = {x["inode"]: x for x in got}
    assert by[listener]["state"] == "LISTEN"
    assert {h["pid"] for h in by[listener]["holders"]} == {m.proc.pid, m.facts["cat"]}
    assert by[accepted]["state"] == "ESTABLISHED"
    rows = [o for o in probate("ports", "--json").objects if o["inode"] in m.facts["inodes"]]
    assert [(o["inode"], o["verdict"]) for o in rows] == [(listener, "held")]
    held = probate("pid", "--json", m.proc.pid).one()
    assert set(m.facts["inodes"]) <= {s["inode"] for s in held["sockets"]}


@pytest.mark.parametrize("mode, verdicts", (("--fd=full", ("shared", "leaked")),
                                            ("--fd=lean", ("held", "held"))))
def test_mptcp_leaks_as_tcp_does(mptcp, watch, mode, verdicts):
    w = watch(mode, "ports", "-w", "--json")
    m = mptcp()
    listener = m.facts["inodes"][0]

    def told(verdict, *pids):
        return w.wait_for(lambda o: o.get("inode") == listener and o.get("verdict") == verdict and
                          {h["pid"] for h in o["holders"]} == set(pids), 30)

    told(verdicts[0], m.proc.pid, m.facts["cat"])
    m.leave()
    left = told(verdicts[1], m.facts["cat"])
    if verdicts[1] == "leaked":
        assert left["creator"]["pid"] == m.proc.pid
        assert left["creator"]["state"] in ("zombie", "dead")
    os.close(m.hand)
    m.hand = os.dup(m.keep)
    w.wait_for(lambda o: o.get("inode") == listener and o.get("gone"), 30)


# ---- other network namespaces -----------------------------------------------------------------

# A name with a line break and a row of its own choice, in a network namespace of its own.
FORGER = r"""
import ctypes, os, socket, sys
assert ctypes.CDLL(None).unshare(0x40000000) == 0
s = socket.socket(socket.AF_UNIX)
s.bind(b"\0x\n0000000000000000: 00000002 00000000 00010000 0001 01 4026531 /run/forged.sock\n")
s.listen(1)
print("{}", flush=True)
sys.stdin.read()
"""


class Actor(Swarm):
    def __init__(self, script, *args):  # pylint: disable=super-init-not-called
        self.proc = subprocess.Popen([sys.executable, "-c", script, *map(str, args)],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.out = Lines(self.proc.stdout)
        assert self.out.wait(lambda lines: lines, 60), "the actor never came"
        self.facts = json.loads(self.out.lines[0])


@pytest.fixture
def actor(probate):
    started = []

    def start(*args):
        started.append(Actor(*args))
        return started[-1]

    yield start
    end_all(started)


@pytest.mark.parametrize("drop", ([], ["setpriv", "--bounding-set=-sys_admin", "sh"]))
def test_name_with_a_line_break_makes_no_row(actor, drop):
    """From /proc: by sock_diag where the namespace may be entered; else it is said what is left out."""
    actor(FORGER)
    run = f"{PROBATE} -q --no-bpf --no-history"
    shell = drop or ["sh"]
    done = subprocess.run([*shell, "-c", f"{run} --json ports"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert not [r for r in rows if "forged" in r["local"] and not r["local"].startswith("@x")]
    if drop:
        assert done.returncode == 4 and "UNIX sockets of network namespace" in done.stderr
    else:
        assert [r for r in rows if r["local"].startswith("@x")], done.stderr
    asked = subprocess.run([*shell, "-c", f"{run} port /run/forged.sock"], capture_output=True,
                           text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
    assert asked.returncode == (4 if drop else 1), asked
    assert "Verdict" not in asked.stdout


# Many namespaces, a listener in each; one of them is led to by a socket alone.
MANY = r"""
import ctypes, json, os, signal, socket, sys
libc = ctypes.CDLL(None)
r, w = os.pipe()
kids = []
for i in range(int(sys.argv[1])):
    pid = os.fork()
    if not pid:
        os.close(r)
        assert libc.unshare(0x40000000) == 0
        s = socket.socket()
        s.bind(("0.0.0.0", 4711))
        s.listen(1)
        u = socket.socket(socket.AF_UNIX)
        u.bind("\0many-ns-%d" % i)
        u.listen(1)
        os.write(w, b"x")
        signal.pause()
    kids.append(pid)
ready = 0
while ready < len(kids):
    ready += len(os.read(r, 4096))
home = os.open("/proc/self/ns/net", os.O_RDONLY)
assert libc.unshare(0x40000000) == 0
lone = socket.socket(socket.AF_UNIX)
lone.bind("\0lone-ns")
lone.listen(1)
assert libc.setns(home, 0x40000000) == 0
print(json.dumps(kids), flush=True)
sys.stdin.read()
for pid in kids:
    os.kill(pid, signal.SIGKILL)
for pid in kids:
    os.waitpid(pid, 0)
"""


def test_many_network_namespaces(probate, actor, watch):
    """No list of them has an end, and what is gone is swept however many there are."""
    many = actor(MANY, 260)
    got = probate("ports", "--json", codes=(0,), timeout=60).objects
    assert len({o["netns"] for o in got if o["local"] == "0.0.0.0:4711"}) == 260
    want = {f"@many-ns-{i}" for i in range(260)} | {"@lone-ns"}
    assert want <= {o["local"] for o in got}
    w = watch("ports", "-w", "--json")
    assert w.poll(lambda objects: want <= {o.get("local") for o in objects}, 60)
    inodes = {o["inode"] for o in w.objects if o.get("local") in want}
    many.end()
    assert w.poll(lambda objects: inodes <= {o["inode"] for o in objects if o.get("gone")}, 60)


def test_port_costs_what_ports_does(probate, actor):
    """Both do one walk of each namespace: the least of some runs each, in turn."""
    actor(MANY, 50)
    least = {}
    for _ in range(3):
        for args in (("ports",), ("port", "4711")):
            begin = time.monotonic()
            probate(*args, "--json", timeout=60)
            took = time.monotonic() - begin
            least[args[0]] = min(took, least.get(args[0], took))
    assert least["port"] < 2.5 * least["ports"], least


# A listener in the queue of b, b in the queue of d; d is held.
NESTED = r"""
import array, json, os, socket, sys
def send(over, s):
    over.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [s.fileno()]))])
a, b = socket.socketpair()
c, d = socket.socketpair()
t = socket.socket()
t.bind(("127.0.0.1", 0))
t.listen(1)
send(a, t)
send(c, b)
facts = {"port": t.getsockname()[1], "b": os.fstat(b.fileno()).st_ino, "d": os.fstat(d.fileno()).st_ino}
t.close()
b.close()
print(json.dumps(facts), flush=True)
sys.stdin.read()
"""


def test_queue_in_flight_is_followed(probate, actor):
    """Who can receive it is who holds the last queue on the way."""
    nested = actor(NESTED)
    found, = of_port(probate, nested.facts["port"])
    hidden = found["hidden"]
    assert hidden["queue"]["inode"] == nested.facts["b"]
    assert hidden["pid"] == nested.proc.pid
    assert f"socket:[{nested.facts['d']}]" in found["why"] and f"[{nested.proc.pid}]" in found["why"]


# A network namespace that no process is in any more: a listener was made there, and its maker went back.
EMPTY = r"""
import ctypes, os, socket, sys
libc = ctypes.CDLL(None)
here = os.open("/proc/self/ns/net", os.O_RDONLY)
assert libc.unshare(0x40000000) == 0
s = socket.socket()
s.bind(("0.0.0.0", 0))
s.listen()
assert libc.setns(here, 0x40000000) == 0
print(s.getsockname()[1], os.fstat(s.fileno()).st_ino, flush=True)
sys.stdin.read()
"""


def test_port_in_a_namespace_of_nobody(probate):
    """`port` finds what `ports` shows, and says that it is none of ours."""
    with subprocess.Popen([sys.executable, "-c", EMPTY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as maker:
        port, inode = map(int, maker.stdout.readline().split())
        wide = probate("ports", "--json", codes=(0,)).objects
        answer = probate("port", "--json", str(port)).one()
        maker.stdin.close()
    assert inode in {o["inode"] for o in wide}
    assert [s["inode"] for s in answer["sockets"] if s["elsewhere"]] == [inode]


TABLES = """
import ctypes, json, sys, threading
ready = threading.Barrier(71)
def own():
    ctypes.CDLL(None).unshare(0x400)  # CLONE_FILES
    ready.wait()
    done.wait()
done = threading.Event()
for _ in range(70):
    threading.Thread(target=own, daemon=True).start()
ready.wait()
print(json.dumps({}), flush=True)
sys.stdin.read()
"""


def test_more_tables_than_are_read(probate):
    """/proc is read for some descriptor tables of a process alone; that there are more is said."""
    a = Actor(TABLES)
    try:
        done = probate("--no-bpf", "ports", "--json", codes=(4,))
        assert "threads have more than 64 descriptor tables" in done.err
        assert "descriptor tables" not in probate("ports", "--json").err
    finally:
        end_all([a])
