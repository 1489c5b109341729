"""What `probate serve` makes of sockets by who opened them and who waits: no false alarms."""
import json
import os
import re
import resource
import signal
import socket
import subprocess

from conftest import Scene
from serve_tools import LEAK, PROBATE, Actor, Leak
from serve_tools import exporter, left_out, planted  # noqa: F401  fixtures

# A server that lives on; its child has the port by mistake, through a shell.
HEALTHY = """
import json, os, socket, subprocess, sys
s = socket.create_server(("127.0.0.1", 0))
s.set_inheritable(True)
child = subprocess.Popen(["sh", "-c", "true; exec sleep 600"], stdout=subprocess.DEVNULL, close_fds=False)
print(json.dumps({"port": s.getsockname()[1], "child": child.pid}), flush=True)
sys.stdin.readline()
child.kill()
child.wait()
"""

# As spawn-fcgi: it listens, starts another program that serves the port as fd argv[1], and ends.
HANDS_ON = """
import json, os, socket, sys
s = socket.create_server(("127.0.0.1", 0))
fd, said = int(sys.argv[1]), os.dup(1)
child = os.fork()
if child == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(s.fileno(), fd)
    os.execv("/usr/bin/perl", ["perl", "-e", "open(my $l, '<&=%d'); while (accept(my $c, $l)) {}" % fd])
os.write(said, json.dumps({"port": s.getsockname()[1], "child": child}).encode() + b"\\n")
"""


# The same, but what it starts is idle until it is told to serve, and so is the maker until it may end.
BEGINS = """
import json, os, socket, sys, time
s = socket.create_server(("127.0.0.1", 0))
(mine, go), said = os.pipe(), os.dup(1)
child = os.fork()
if child == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(mine, 0)
    os.dup2(s.fileno(), 9)
    os.execv("/usr/bin/perl", ["perl", "-e", "<STDIN>; open(my $l, '<&=9'); while (accept(my $c, $l)) {}"])
os.write(said, json.dumps({"port": s.getsockname()[1], "child": child}).encode() + b"\\n")
sys.stdin.readline()
os.write(go, b"go\\n")
while "accept" not in open(f"/proc/{child}/wchan").read():
    time.sleep(0.01)
"""


# What it starts has the port in an epoll set of its own, and is busy: nobody is in epoll_wait().
BUSY = """
import json, os, socket, sys
s = socket.create_server(("127.0.0.1", 0))
ready, tell = os.pipe()
child = os.fork()
if child == 0:
    os.dup2(s.fileno(), 5)
    os.dup2(tell, 6)
    os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
os.close(tell)
os.read(ready, 1)
print(json.dumps({"port": s.getsockname()[1], "child": child}), flush=True)
"""
SET = """
import os, select, signal
ep = select.epoll()
ep.register(5, select.EPOLLIN)
os.write(6, b"x")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
signal.pause()
"""
# A helper that is handed the port by mistake and the epoll set with it, which nobody waits in then.
SET_SLIPS = LEAK.replace("s.set_inheritable(True)", """s.set_inheritable(True)
import select
ep = select.epoll()
ep.register(s, select.EPOLLIN)
os.set_inheritable(ep.fileno(), True)""")


class Begins(Actor):
    def __init__(self):
        super().__init__(BEGINS)

    def end(self):
        if self.run.poll() is None:
            self.run.communicate("go\n", timeout=30)
        os.kill(self.said["child"], signal.SIGKILL)


# As a hot restart: a worker that was executed before the socket is given it, and is busy when asked.
WORKER = """
import signal, socket, sys
way = socket.socket(fileno=int(sys.argv[1]))
print("up", flush=True)
fds = socket.recv_fds(way, 1, 1)[1]
print("got", flush=True)
signal.pause()
"""
RESTARTS = """
import json, os, socket, subprocess, sys
near, far = socket.socketpair()
worker = subprocess.Popen([sys.executable, "-c", sys.argv[1], str(far.fileno())], pass_fds=[far.fileno()],
                          stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
worker.stdout.readline()
s = socket.create_server(("127.0.0.1", 0))
socket.send_fds(near, [b"x"], [s.fileno()])
worker.stdout.readline()
print(json.dumps({"port": s.getsockname()[1], "child": worker.pid}), flush=True)
sys.stdin.readline()
"""


class Restarts(Actor):
    def __init__(self):
        super().__init__(RESTARTS, WORKER)

    def end(self):
        if self.run.poll() is None:
            self.run.communicate(timeout=30)
        os.kill(self.said["child"], signal.SIGKILL)


class HandsOn(Actor):
    def __init__(self, *args):
        super().__init__(*args)
        self.run.communicate(timeout=30)

    def end(self):
        os.kill(self.said["child"], signal.SIGKILL)


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def test_a_living_server_let_go_of_nothing(exporter, planted):
    """Its child executed twice before anybody looked at the descriptors of the server."""
    serve = exporter()
    serve.settled()
    actors = [Actor(HEALTHY) for _ in range(5)]
    planted += actors
    serve.settled()
    page = text_of(serve.get("/"))
    for actor in actors:
        assert f"127.0.0.1:{actor.said['port']}" not in page
    before = serve.scrape()
    assert serve.settled()("probate_leaks_total") == before("probate_leaks_total")


def test_who_serves_a_port_did_not_leak_it(exporter, planted):
    serve = exporter()
    serve.settled()
    actors = [HandsOn(HANDS_ON, 0), HandsOn(HANDS_ON, 5), HandsOn(BUSY, SET)]
    planted += actors
    serve.settled()
    page = text_of(serve.get("/"))
    for actor in actors:
        assert f"127.0.0.1:{actor.said['port']}" not in page


def asked(place, *args):
    """Of the exporter that runs there: lines of JSON."""
    done = subprocess.run([PROBATE, "-q", "--json", *args], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=60, env=dict(os.environ, PROBATE_RUN=str(place / "run")))
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_nobody_is_accused_by_what_was_before(exporter, planted, tmp_path):
    """Found idle, it serves by the time that the maker ends, and no scan has looked in between."""
    serve = exporter("--fd=lean", "--record", f"{tmp_path}/rec/")
    one, leak, slip = Begins(), Leak("tcp"), Leak("tcp", SET_SLIPS)
    planted += [one, leak, slip]
    before = serve.settled()
    serve.settled()  # nobody but the makers is known to have a use for them
    one.run.communicate("go\n", timeout=30)
    leak.kill()
    slip.kill()
    serve.until(lambda page: page("probate_leaks_total") >= before("probate_leaks_total") + 2)
    serve.settled()
    page = text_of(serve.get("/"))
    assert f"127.0.0.1:{leak.port}" in page and f"127.0.0.1:{one.said['port']}" not in page
    assert f"127.0.0.1:{slip.port}" in page
    told = {e["local"] for e in asked(tmp_path, "-r", f"{tmp_path}/rec/", "trace") if e["event"] == "leak"}
    assert f"127.0.0.1:{leak.port}" in told and f"127.0.0.1:{one.said['port']}" not in told
    sock, = asked(tmp_path, "port", str(one.said["port"]))[0]["sockets"]
    assert sock["verdict"] == "inherited" and sock["holders"][0]["pid"] == one.said["child"], sock


def test_what_was_handed_over_unseen_is_no_leak(exporter, planted, tmp_path):
    """One maker is looked at before it ends, the other has ended before a scan met who has the socket."""
    serve = exporter("--fd=lean")
    serve.settled()
    actors = [Restarts(), Restarts()]
    planted += actors
    actors[0].run.communicate("go\n", timeout=30)
    serve.settled()
    actors[1].run.communicate("go\n", timeout=30)
    serve.settled()
    page = text_of(serve.get("/"))
    for actor in actors:
        port, worker = actor.said["port"], actor.said["child"]
        assert f"127.0.0.1:{port}" not in page
        sock, = asked(tmp_path, "port", str(port))[0]["sockets"]
        assert sock["verdict"] == "passed" and "not by fork" in sock["why"] and "CLOEXEC" not in sock["action"], sock
        holder, = sock["holders"]
        assert holder["pid"] == worker and holder["via"] == "unknown" and holder["since"] is None
        assert not {"fork", "exec", "scan"} & {step["step"] for step in holder["chain"]}, holder


def test_what_keeps_a_socket_is_counted(exporter, planted):
    """The program that asks the kernel for that is loaded while the exporter still may."""
    serve = exporter()
    before = serve.settled()
    scene = Scene("closed-waited")
    planted.append(scene)
    n = len(scene.facts["tids"])
    serve.until(lambda page: page("probate_hidden_references", where="call") ==
                before("probate_hidden_references", where="call") + n)


def test_sockets_are_tallied_once(exporter):
    """More than fit into one read of the scan."""
    room = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = min(room[1] - 100, 8000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(room[0], many + 100), room[1]))
    serve = exporter()
    listeners = [socket.create_server((f"127.0.0.{1 + i // 4000}", 0)) for i in range(many)]
    try:
        told = serve.settled()("probate_tcp_sockets", state="listen")
        ss = subprocess.run(["ss", "-Htln"], stdout=subprocess.PIPE, text=True, check=True).stdout
        assert abs(told - len(ss.splitlines())) < 5  # others listen, too, and end
    finally:
        for s in listeners:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, room)
