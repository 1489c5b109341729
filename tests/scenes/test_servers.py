"""Servers that others wrote: what probate says about them, watched from before and asked late.

What holds a socket is read from /proc/PID/fd; what has become of it is known from what the test
did.  Every program runs on the loopback or in a directory of its own; the test takes orphans in
as a subreaper, so that nothing is left behind even by what daemonises.
"""
import ctypes
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types

import pytest

from conftest import EXTRA, PATIENCE, PROBATE, Lines, proc_state
from fleet import FLEET, PHASES, program as path_of

PR_SET_CHILD_SUBREAPER = 36


# ---- what is true -----------------------------------------------------------------------------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(probe, what, timeout=PATIENCE):
    end = time.monotonic() + timeout
    while True:
        got = probe()
        if got:
            return got
        assert time.monotonic() < end, what
        time.sleep(0.02)


def listens(port):
    """Inode of the listener on a loopback port, without connecting to it."""
    with open("/proc/net/tcp") as f:
        for line in f.readlines()[1:]:
            word = line.split()
            if word[3] == "0A" and int(word[1].split(":")[1], 16) == port:
                return int(word[9])
    return None


def descriptors(inode):
    """{pid: [fd]} of a socket: who really holds it."""
    table = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{fd}") == f"socket:[{inode}]":
                    table.setdefault(int(pid), []).append(int(fd))
        except OSError:
            continue
    return {pid: sorted(fds) for pid, fds in table.items()}


def sockets_of(pid):
    """Inodes of the sockets a quiet process holds."""
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    return [int(link[8:-1]) for link in links if link.startswith("socket:[")]


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm") as f:
            return f.read().strip()
    except OSError:
        return None


def title(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as f:
            return f.read().rstrip("\0 ")
    except OSError:
        return ""


# ---- what is said -----------------------------------------------------------------------------

def said_holders(sock):
    return {h["pid"]: [f["fd"] for f in h["fds"]] for h in sock["holders"]}


def of_inode(answer, inode):
    return next((s for s in answer["sockets"] if s["inode"] == inode), None)


class Servers:
    """Programs on a stage, a watch on their port from before, and the same question asked late."""

    def __init__(self, probate, watch):
        self.probate, self.watch_start = probate, watch
        self.before = set(children(os.getpid()))
        self.dir = tempfile.mkdtemp(prefix="probate-servers-")
        os.chmod(self.dir, 0o755)
        self.watcher = self.query = None

    def need(self, *programs):
        found = []
        for program in programs:
            found.append(path_of(program))
        return found[0] if len(found) == 1 else found

    def watch(self, query):
        self.query = query
        self.watcher = self.watch_start("port", "-w", "--json", query)

    def start(self, *args, **more):
        more.setdefault("stdout", subprocess.DEVNULL)
        more.setdefault("stderr", subprocess.DEVNULL)
        more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen([str(a) for a in args], cwd=self.dir, **more)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def kill(self, proc):
        proc.kill()
        proc.wait()

    # -- live

    def errors(self, inode, verdict, holders=None, **fields):
        """Why the newest live answer about the socket is not this one; with it the socket."""
        objects = self.watcher.objects
        sock = objects and of_inode(objects[-1], inode)
        if not sock:
            return "not in the answer", None
        if sock["verdict"] not in (verdict if isinstance(verdict, tuple) else (verdict,)):
            return f"{sock['verdict']}, not {verdict}: {sock['why']}", sock
        truth = descriptors(inode) if holders is None else holders
        if said_holders(sock) != truth:
            return f"held by {said_holders(sock)}, really by {truth}", sock
        wrong = {k: sock[k] for k, v in fields.items() if sock[k] != v}
        return wrong and f"{wrong}, not {fields}", sock

    def live(self, inode, verdict, **fields):
        end = time.monotonic() + PATIENCE
        while True:  # what /proc shows changes without a word from the watch, too
            error, sock = self.errors(inode, verdict, **fields)
            if not error:
                return sock
            assert time.monotonic() < end, f"inode {inode}: {error}"
            time.sleep(0.02)

    def freed(self):
        self.watcher.poll(lambda objects: not any(s["holders"] for s in objects[-1]["sockets"]))
        assert not any(s["holders"] for s in self.watcher.objects[-1]["sockets"])

    def verdicts(self, inode):
        """All verdicts that were ever given on it, each once where it stayed the same."""
        said = [s["verdict"] for o in self.watcher.objects for s in o["sockets"]
                if s["inode"] == inode]
        return [v for i, v in enumerate(said) if not i or said[i - 1] != v]

    def events_lost(self):
        """On a machine under a storm; the recording beside the watch tells."""
        done = subprocess.run([PROBATE, "-r", self.watcher.rec, "--json", "trace"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        return '"event":"lost"' in done.stdout

    # -- late

    def late(self, inode):
        """Without history: exactly who has it, and no claim about who made it."""
        sock = of_inode(self.probate("port", "--json", self.query).one(), inode)
        assert sock, f"inode {inode} is not in the late answer"
        assert said_holders(sock) == descriptors(inode)
        assert (sock["verdict"], sock["certain"], sock["creator"]) == ("held", False, None)
        return sock

    def text(self):
        """The late answer in words; what a person could not read is an error."""
        done = subprocess.run([PROBATE, "port", str(self.query)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        assert "'' ''" not in done.stdout, done.stdout
        assert all(len(line) <= 100 for line in done.stdout.splitlines()), done.stdout
        return done.stdout

    # -- the end

    def end(self):
        """Orphans come to us, so after a few rounds nobody is left."""
        mine = os.path.realpath(PROBATE)
        for _ in range(200):
            left = []
            for pid in set(children(os.getpid())) - self.before:
                try:
                    if os.readlink(f"/proc/{pid}/exe") != mine:
                        os.kill(pid, signal.SIGKILL)
                        left.append(pid)
                except OSError:
                    left.append(pid)  # a zombie has no exe
            if not left:
                break
            for pid in left:
                try:
                    os.waitpid(pid, 0)
                except ChildProcessError:
                    pass
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture
def stage(probate, watch):
    if "--fd=lean" in EXTRA:
        pytest.skip("who made a socket is not watched in lean mode")
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    servers = Servers(probate, watch)
    yield servers
    servers.end()
    libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def talk(port, send=b"", n=0):
    c = socket.create_connection(("127.0.0.1", port), PATIENCE)
    if send:
        c.sendall(send)
    if n:
        assert c.recv(n)
    return c


# ---- all of them through their lives ---------------------------------------------------------

WORLD = types.SimpleNamespace(until=until, listens=listens, descriptors=descriptors, children=children,
                              title=title, proc_state=proc_state)


@pytest.fixture(scope="module")
def lean(obstacle, tmp_path_factory):
    """lean(port): what a one-shot says with an exporter running, which hooks no system call."""
    if obstacle:
        pytest.skip(obstacle)
    run = str(tmp_path_factory.mktemp("lean") / "run")
    env = dict(os.environ, PROBATE_RUN=run)
    serve = subprocess.Popen([PROBATE, "serve", "--user=root", "--web.listen-address=127.0.0.1:0"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             text=True, env=env)
    told = Lines(serve.stderr)
    assert told.wait(lambda lines: any(x.startswith("probate: watching") for x in lines)), told.lines

    def ask(port):
        done = subprocess.run([PROBATE, "--json", "port", str(port)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE, env=env)
        assert done.returncode in (0, 1, 4), done.stderr  # 4: events were lost, and found by a scan
        return json.loads(done.stdout)

    yield ask
    serve.terminate()
    assert serve.wait(PATIENCE) == 0, told.lines


def verdict_wanted(server, holders):
    """By who is alive and who holds it: what the table in README says."""
    if proc_state(server.maker) in (None, "Z"):
        if not set(holders) - server.planted:
            return "leaked"
        return ("inherited", "passed") if server.passes else "inherited"
    if server.maker not in holders:
        return "inherited", "passed"
    return "owned" if set(holders) == {server.maker} else "shared"


def lean_errors(lean, server, inode):
    holders = descriptors(inode)
    sock = of_inode(lean(server.port), inode)
    if not sock:
        return "not in the answer"
    if said_holders(sock) != holders:
        return f"held by {said_holders(sock)}, really by {holders}"
    wanted = verdict_wanted(server, holders)
    if (sock["verdict"] == "leaked") != (wanted == "leaked"):
        return f"{sock['verdict']}, not {wanted}: {sock['why']}"
    if sock["creator"] and sock["creator"]["pid"] != server.maker:
        return f"made by {sock['creator']['pid']}, really by {server.maker}"
    return None


def late_errors(stage, server, inode):
    """Nothing was watched before: who holds it is known, and nothing is said about the maker."""
    answer = stage.probate("port", "--json", server.port, codes=(0, 1, 4)).one()  # 4: it says what it missed
    sock, holders = of_inode(answer, inode), descriptors(inode)
    if not sock:
        return "not in the answer"
    if said_holders(sock) != holders:
        return f"held by {said_holders(sock)}, really by {holders}"
    said = sock["verdict"], sock["certain"], sock["creator"]
    return None if said == ("held", False, None) else f"says {said}"


def agrees(stage, lean, server, phase, listener=None):
    """Holders, maker, chains and verdict of the listener, live, from an exporter, and asked late."""
    end, listener = time.monotonic() + PATIENCE, listener or server.inode
    while True:
        inode = listener()
        if not inode:
            return  # it may close a moment after its end is seen
        holders = descriptors(inode)
        error, sock = stage.errors(inode, verdict_wanted(server, holders), holders)
        if not error:
            break
        assert time.monotonic() < end, f"{server.name}, {phase}: {error}"
        time.sleep(0.02)
    assert sock["creator"] and sock["creator"]["pid"] == server.maker, f"{phase}: {sock['creator']}"
    for h in sock["holders"]:
        first, last = h["chain"][0], h["chain"][-1]
        if (first["step"], first["pid"], last["pid"]) != ("created", server.maker, h["pid"]):
            assert first["step"] == "scan" and stage.events_lost(), f"{phase}: {h['chain']}"
    while listener() and (error := lean_errors(lean, server, inode)):
        assert time.monotonic() < end, f"{server.name}, {phase}, exporter: {error}"
        time.sleep(0.1)
    while listener() and (error := late_errors(stage, server, inode)):
        assert time.monotonic() < end, f"{server.name}, {phase}, late: {error}"
        time.sleep(0.1)


def leak_found(stage, lean, server, inode):
    """Only the helper is left: it is named, and to be killed; ends it; the sockets it had."""
    (helper,) = server.planted
    assert descriptors(inode).keys() == {helper}
    agrees(stage, lean, server, "only the helper is left", lambda: inode)
    for said in stage.live(inode, "leaked", certain=True), of_inode(lean(server.port), inode):
        assert f"ill sleep[{helper}] to free the port now" in said["action"], said["action"]
    kept = set(sockets_of(helper))  # php's accepted connections, too
    os.kill(helper, signal.SIGKILL)
    server.gone(helper)
    stage.freed()
    assert inode in leaks_said(stage)
    return kept


def leaks_said(stage):
    return {s["inode"] for o in stage.watcher.objects for s in o["sockets"] if s["verdict"] == "leaked"}


@pytest.mark.parametrize("kind", FLEET, ids=lambda kind: kind.name)
def test_lives(stage, lean, kind):
    """From the start to the end of the master, twice: stopped and killed, with a helper there."""
    port = free_port()
    stage.watch(port)
    server = kind(stage, WORLD, port)
    for phase in PHASES:
        act = getattr(server, phase, None)
        assert bool(act) != (phase in server.lacks), f"{phase}: neither there nor explained"
        if act:
            act()
            agrees(stage, lean, server, phase)
    assert not leaks_said(stage), "an innocent one was said to leak"
    kept = set()
    for end in server.stop, server.crash:
        if end == server.crash:
            server.planted.clear()
            server.start()
            agrees(stage, lean, server, "start again")
        server.slip()
        agrees(stage, lean, server, "slip")
        inode = server.inode()
        end()
        agrees(stage, lean, server, end.__name__)
        for pid in server.others():
            os.kill(pid, signal.SIGKILL)
            server.gone(pid)
        kept |= leak_found(stage, lean, server, inode)
    assert leaks_said(stage) <= kept


# ---- nginx ------------------------------------------------------------------------------------

NGINX = """daemon {daemon}; pid {dir}/pid; error_log {dir}/err; worker_processes 2; user root;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {dir}/b; proxy_temp_path {dir}/p;
fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
server {{ listen 127.0.0.1:{port}; return 200 'hi'; }} }}
"""


def nginx_pid(stage):
    try:
        with open(stage.dir + "/pid") as f:
            return int(f.read() or 0)
    except FileNotFoundError:
        return 0


def nginx_start(stage, daemon):
    """Its pid file; a shell in between, for nginx takes no upgrade from him who started it."""
    nginx, port = stage.need("nginx"), free_port()
    conf = stage.write("conf", NGINX.format(daemon=daemon, dir=stage.dir, port=port))
    stage.watch(port)
    shell = stage.start("/bin/sh", "-c", f"{nginx} -c {conf} -p {stage.dir} <&- & read end",
                        stdin=subprocess.PIPE)
    inode = until(lambda: listens(port), "nginx does not listen")
    until(lambda: len(descriptors(inode)) == 3, "nginx has no workers")
    shell.communicate()
    return port, inode, nginx_pid(stage)


def test_nginx_upgrade(stage):
    """Reload, then a new binary takes over and the old one goes: never a leak."""
    port, inode, old = nginx_start(stage, "off")
    sock = stage.live(inode, "shared", certain=True)
    assert sock["creator"]["pid"] == old
    talk(port, b"GET / HTTP/1.0\r\n\r\n", 10).close()
    workers = set(descriptors(inode)) - {old}

    os.kill(old, signal.SIGHUP)
    until(lambda: len(descriptors(inode)) == 3 and not workers & set(descriptors(inode)),
          "no new workers after HUP")
    stage.live(inode, "shared")

    os.kill(old, signal.SIGUSR2)
    until(lambda: len(descriptors(inode)) == 6, "no new binary after USR2")
    new = until(lambda: nginx_pid(stage) not in (0, old) and nginx_pid(stage), "no new pid file")
    sock = stage.live(inode, "shared")
    chain = [c["step"] for h in sock["holders"] if h["pid"] == new for c in h["chain"]]
    assert chain == ["created", "fork", "exec"]
    stage.late(inode)

    os.kill(old, signal.SIGQUIT)
    until(lambda: len(descriptors(inode)) == 3, "the old master did not go")
    # it closes its listeners a moment before it exits
    sock = until(lambda: (s := stage.live(inode, "inherited", certain=True))["creator"]["exit"] and s,
                 "the end of the old master was not told")
    assert sock["creator"]["exit"]["code"] == 0
    # the master is named as the one to stop, not its workers
    assert f"Stop nginx[{new}] (the other 2 descend from it)" in sock["action"]
    assert stage.verdicts(inode)[-2:] == ["shared", "inherited"]
    assert "leaked" not in stage.verdicts(inode)
    assert f"nginx[{new}]" in stage.late(inode)["action"]
    assert "nginx: worker process\n" in stage.text()

    os.kill(new, signal.SIGQUIT)
    stage.freed()


def test_nginx_daemon(stage):
    """The maker is the process that daemonised away; the master carries on."""
    _, inode, master = nginx_start(stage, "on")
    sock = stage.live(inode, "inherited", certain=True)
    assert sock["creator"]["pid"] != master and sock["creator"]["exit"]["code"] == 0
    assert f"Stop nginx[{master}] (the other 2" in sock["action"]

    os.kill(master, signal.SIGUSR2)
    until(lambda: len(descriptors(inode)) == 6, "no new binary after USR2")
    new = until(lambda: nginx_pid(stage) not in (0, master) and nginx_pid(stage), "no pid file")
    sock = stage.live(inode, "inherited")
    # the new one has executed a program of its own: it does not end with the old one
    assert f"Stop nginx[{master}] and nginx[{new}] (the other 4 descend" in sock["action"]
    os.kill(master, signal.SIGWINCH)
    until(lambda: len(descriptors(inode)) == 4, "the old workers did not go")
    stage.live(inode, "inherited")
    os.kill(master, signal.SIGQUIT)
    until(lambda: len(descriptors(inode)) == 3, "the old master did not go")
    sock = stage.live(inode, "inherited", certain=True)
    assert f"Stop nginx[{new}] (the other 2" in sock["action"]
    assert "leaked" not in stage.verdicts(inode)


# ---- redis ------------------------------------------------------------------------------------

def test_redis_saving(stage):
    """The server is killed while a child writes the dump: the child keeps what it inherited."""
    redis, port = stage.need("redis-server"), free_port()
    stage.watch(port)
    server = stage.start(redis, "--port", port, "--bind", "127.0.0.1", "--dir", stage.dir,
                         "--save", "", "--rdb-key-save-delay", "1000000")
    inode = until(lambda: listens(port), "redis does not listen")
    stage.live(inode, "owned", certain=True)
    client = talk(port, b"MSET a 1 b 2 c 3 d 4 e 5 f 6 g 7 h 8 i 9\r\n", 5)
    client.sendall(b"BGSAVE\r\n")
    assert b"Background" in client.recv(100)
    # newer ones close the listener in the child, before they change the title; older ones do not
    child = until(lambda: [p for p in children(server.pid) if "bgsave" in title(p)],
                  "no child saves")[0]
    keeps = sockets_of(child)
    stage.kill(server)

    ours = stage.watcher.poll(lambda objects: [i for i in keeps if of_inode(objects[-1], i)])
    assert ours, "the child keeps no socket of this port"
    for i in ours:
        sock = stage.live(i, "inherited", holders={child: descriptors(i)[child]}, certain=True)
        assert sock["creator"]["pid"] == server.pid
        assert sock["creator"]["exit"]["signal"] == 9
        assert sock["creator"]["exit"]["by"]["pid"] == os.getpid()
        assert f"redis-server[{child}]" in sock["action"]
        assert f"redis-server[{child}]" in stage.late(i)["action"]
        stage.text()
    os.kill(child, signal.SIGKILL)
    stage.freed()
    client.close()


# ---- PostgreSQL -------------------------------------------------------------------------------

def postgres_bin(stage):
    return os.path.dirname(os.path.realpath(stage.need("postgres"))), pwd.getpwnam("postgres")


def test_postgres_backend_survives(stage):
    """One backend at work when the postmaster is killed: it keeps its connection, no listener."""
    path, user = postgres_bin(stage)
    port, who = free_port(), dict(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    os.chown(stage.dir, user.pw_uid, user.pw_gid)
    data = stage.dir + "/data"
    assert stage.start(path + "/initdb", "-D", data, "-A", "trust", "-N", **who).wait() == 0
    stage.watch(port)
    server = stage.start(path + "/postgres", "-D", data, "-p", port, "-k", stage.dir, "-F",
                         "-c", "listen_addresses=127.0.0.1", **who)
    inode = until(lambda: listens(port), "postgres does not listen")
    stage.live(inode, "owned", certain=True)
    busy = "do $$ begin loop end loop; end $$"
    ask = [path + "/psql", "-h", "127.0.0.1", "-p", port, "-c", busy, "postgres"]
    ready = [path + "/pg_isready", "-h", "127.0.0.1", "-p", port]
    until(lambda: stage.start(*ready, **who).wait() == 0, "postgres is not ready")
    client = stage.start(*ask, **who)
    at_work = until(lambda: [p for p in children(server.pid) if title(p).endswith("DO")],
                    "the query did not begin")
    conn = stage.watcher.poll(lambda objects: next(
        (s for s in objects[-1]["sockets"] if list(said_holders(s)) == at_work), None))
    backend = conn["holders"][0]["pid"]
    conn = stage.live(conn["inode"], "inherited")
    assert conn["creator"]["pid"] == server.pid and conn["creator"]["exit"] is None
    assert f"postgres[{backend}]" in conn["action"]
    stage.kill(server)
    until(lambda: not listens(port), "the port is still listened on")
    stage.watcher.poll(lambda objects: of_inode(objects[-1], inode) is None)
    conn = stage.live(conn["inode"], "inherited", certain=True)
    assert conn["creator"]["exit"]["signal"] == 9
    assert f"Stop postgres[{backend}] if" in conn["action"]
    assert of_inode(stage.watcher.objects[-1], inode) is None  # the listener is gone
    stage.late(conn["inode"])
    os.kill(backend, signal.SIGKILL)
    stage.kill(client)
    stage.freed()


# ---- Python's subprocess ----------------------------------------------------------------------

SPAWN = """
import socket, subprocess, sys, time
s = socket.create_server(("127.0.0.1", {port}))
{before}
p = subprocess.Popen(["sleep", "300"], {how})
print(p.pid, flush=True)
time.sleep(300)
"""


def spawn(stage, before, how):
    port = free_port()
    stage.watch(port)
    python = stage.start(sys.executable, "-c", SPAWN.format(port=port, before=before, how=how),
                         stdout=subprocess.PIPE, text=True)
    child = int(python.stdout.readline())
    python.stdout.close()
    inode = listens(port)
    until(lambda: comm(child) == "sleep", "sleep did not start")
    return python, child, inode


def test_python_close_fds(stage):
    python, _, inode = spawn(stage, "", "close_fds=True")
    stage.live(inode, "owned", certain=True)
    stage.kill(python)
    stage.freed()
    assert "leaked" not in stage.verdicts(inode)


def test_python_inheritable(stage):
    """close_fds=False and an inheritable socket: a leak, foretold while the parent lives."""
    python, child, inode = spawn(stage, "s.set_inheritable(True)", "close_fds=False")
    foretold = f"sleep[{child}] runs another program that never used it"
    until(lambda: foretold in stage.live(inode, "shared", certain=True)["why"], "it is not foretold")
    stage.kill(python)
    sock = stage.live(inode, "leaked", certain=True)
    assert sock["action"].startswith(f"Kill sleep[{child}] to free the port now")
    assert sock["holders"][0]["chain"][-1]["kept"]
    stage.late(inode)
    os.kill(child, signal.SIGKILL)
    stage.freed()


def test_python_pass_fds(stage):
    """Handed down on purpose: close-on-exec was cleared in the child for this one descriptor."""
    python, child, inode = spawn(stage, "", "pass_fds=[s.fileno()]")
    stage.live(inode, "shared", certain=True)
    stage.kill(python)
    sock = stage.live(inode, "inherited", certain=True)
    assert f"sleep[{child}]" in sock["action"]
    assert "leaked" not in stage.verdicts(inode)


def test_python_prefork(stage):
    """Workers forked by os.fork: shared while the parent lives, inherited after."""
    port = free_port()
    stage.watch(port)
    server = stage.start(sys.executable, "-c", f"""
import os, socket
s = socket.create_server(("127.0.0.1", {port}))
for i in range(3):
    if not os.fork():
        while True:
            c, _ = s.accept()
            c.sendall(b"hi")
            c.close()
os.wait()
""")
    inode = until(lambda: listens(port), "does not listen")
    until(lambda: len(descriptors(inode)) == 4, "no workers")
    stage.live(inode, "shared", certain=True)
    workers = set(descriptors(inode)) - {server.pid}
    talk(port, n=1).close()
    stage.watcher.poll(lambda _: any(
        h["used"] for h in of_inode(stage.watcher.objects[-1], inode)["holders"]
        if h["pid"] in workers))
    stage.kill(server)
    sock = stage.live(inode, "inherited", certain=True)
    assert all(f"[{w}]" in sock["action"] for w in workers)
    assert "still serve it" in sock["action"]
    stage.late(inode)
    assert "leaked" not in stage.verdicts(inode)


def test_supervisor(stage):
    """A parent opens the socket, another program serves on it: with the first client it is meant."""
    perl, port = stage.need("perl"), free_port()
    stage.watch(port)
    worker = stage.write("worker.pl", """
open(my $s, '+<&=', $ARGV[0]) or die; while (accept(my $c, $s)) { syswrite($c, "hi"); close($c) }
""")
    parent = stage.start(sys.executable, "-c", f"""
import os, socket
s = socket.create_server(("127.0.0.1", {port}))
if not os.fork():
    s.set_inheritable(True)
    os.execv({perl!r}, ["perl", {worker!r}, str(s.fileno())])
os.wait()
""")
    inode = until(lambda: listens(port), "does not listen")
    child = until(lambda: children(parent.pid), "no child")[0]
    until(lambda: comm(child) == "perl", "no exec")
    stage.live(inode, "shared", certain=True)
    talk(port, n=1).close()
    stage.kill(parent)
    sock = stage.live(inode, "inherited", certain=True)
    assert sock["holders"][0]["used"] is True
    assert f"perl[{child}]" in sock["action"]
    assert "leaked" not in stage.verdicts(inode)
    stage.late(inode)


# ---- socat, systemd-socket-activate -----------------------------------------------------------

def test_socat_fork(stage):
    """A child for each connection: the listener stays, the connection goes to the child."""
    socat, port = stage.need("socat"), free_port()
    stage.watch(port)
    server = stage.start(socat, f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", "EXEC:cat")
    inode = until(lambda: listens(port), "socat does not listen")
    stage.live(inode, "owned", certain=True)
    client = talk(port, b"x", 1)
    child = children(server.pid)[0]
    conn = stage.watcher.poll(lambda objects: next(
        (s for s in objects[-1]["sockets"] if s["holders"] and s["inode"] != inode), None))
    conn = stage.live(conn["inode"], "inherited", certain=True)
    assert list(said_holders(conn)) == [child]
    assert "accepted it and let go of it" in conn["why"]
    stage.live(inode, "owned")
    stage.kill(server)
    stage.watcher.poll(lambda objects: of_inode(objects[-1], inode) is None)
    conn = stage.live(conn["inode"], "inherited", certain=True)
    assert f"Stop socat[{child}]" in conn["action"] and "that ends the connection" in conn["action"]
    stage.late(conn["inode"])
    client.close()
    stage.freed()


def test_socket_activate(stage):
    """It executes the service in its own place: the same process, another name."""
    activate, port = stage.need("systemd-socket-activate"), free_port()
    stage.watch(port)
    proc = stage.start(activate, "-l", f"127.0.0.1:{port}", "/bin/sleep", "300")
    inode = until(lambda: listens(port), "does not listen")
    stage.live(inode, "owned", certain=True)
    client = talk(port)
    until(lambda: comm(proc.pid) == "sleep", "the service did not start")
    sock = stage.live(inode, "owned", certain=True)
    stage.watcher.poll(lambda objects: "later sleep" in objects[-1]["sockets"][0]["why"])
    sock = of_inode(stage.watcher.objects[-1], inode)
    assert f"[{proc.pid}], later sleep, made it" in sock["why"]
    assert [c["step"] for c in sock["holders"][0]["chain"]] == ["created", "exec"]
    stage.late(inode)
    stage.kill(proc)
    stage.freed()
    client.close()


def test_socket_activate_accept(stage):
    """With --accept each connection goes to a program of its own, which serves on 0 and 1."""
    activate, port = stage.need("systemd-socket-activate"), free_port()
    stage.watch(port)
    proc = stage.start(activate, "--accept", "--inetd", "-l", f"127.0.0.1:{port}", "/bin/cat")
    inode = until(lambda: listens(port), "does not listen")
    client = talk(port, b"x", 1)
    child = children(proc.pid)[0]
    conn = stage.watcher.poll(lambda objects: next(
        (s for s in objects[-1]["sockets"] if s["holders"] and s["inode"] != inode), None))
    conn = stage.live(conn["inode"], "inherited", certain=True)
    assert said_holders(conn) == {child: [0, 1]}
    stage.live(inode, "owned", certain=True)
    assert "leaked" not in stage.verdicts(conn["inode"])
    stage.late(inode)
    client.close()


# ---- tmux, bash -------------------------------------------------------------------------------

def test_tmux(stage):
    """The server daemonises and listens on a path; what runs in it inherits nothing."""
    tmux = stage.need("tmux")
    path = stage.dir + "/sock"
    stage.watch("unix:" + path)
    env = {k: v for k, v in os.environ.items() if k != "TMUX"}
    run = [tmux, "-f", "/dev/null", "-S", path]
    assert stage.start(*run, "new-session", "-d", "sleep 300", env=env).wait() == 0
    server = int(subprocess.check_output([*run, "display", "-p", "#{pid}"], env=env))
    stage.watcher.poll(lambda objects: objects[-1]["sockets"])
    inode = next(s for s in stage.watcher.objects[-1]["sockets"] if s["state"] == "LISTEN")["inode"]
    sock = stage.live(inode, "owned", certain=True)
    assert list(said_holders(sock)) == [server]
    shell = children(server)[0]
    assert stage.probate("pid", "--json", shell).one()["sockets"] == []
    assert stage.late(inode)["holders"][0]["pid"] == server
    os.kill(server, signal.SIGKILL)
    stage.freed()
    assert "leaked" not in stage.verdicts(inode)


def test_bash_background(stage, watch):
    """`exec 3<>/dev/tcp/...` goes to every background job, and stays when the shell is killed."""
    bash = stage.need("bash")
    trace = watch("trace", "--json")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bash = stage.start(bash, "-c", f"exec 3<>/dev/tcp/127.0.0.1/{listener.getsockname()[1]}; "
                                       "sleep 300 & nohup sleep 301 & wait")
        peer, (_, port) = listener.accept()
    jobs = until(lambda: len(children(bash.pid)) == 2 and
                 all(comm(p) == "sleep" for p in children(bash.pid)) and children(bash.pid),
                 "no background jobs")
    stage.query = port
    stage.kill(bash)
    leak = trace.wait_for(lambda e: e["event"] == "leak" and e["pid"] in jobs, what="the leak")
    gone = trace.wait_for(lambda e: e["event"] == "transfer" and e["pid"] == bash.pid,
                          what="the transfer")
    assert leak["inode"] == gone["inode"] and descriptors(leak["inode"]).keys() == set(jobs)
    sock = stage.late(leak["inode"])
    # neither of the two ends with the other
    assert all(f"sleep[{p}]" in sock["action"] for p in jobs)
    for pid in jobs:
        os.kill(pid, signal.SIGKILL)
        until(lambda: proc_state(pid) in (None, "Z"), "a job lives on")
    assert not stage.probate("port", "--json", port).one()["sockets"] or \
        not descriptors(leak["inode"])
    peer.close()
