"""Servers that others wrote, by one table: how each is started, used, reloaded, upgraded, ended.

A phase acts and returns when the server has done it, as the system shows it (/proc, an answer over
the wire).  Of a phase that a server does not have, `lacks` says why.  `slip` plants a leak: the way
it happens to the server itself, or by a library (slip.c) that is loaded into it.  `maker` is the process that made the
socket that is listened on now, as the test knows it: from the server's own pid file or from who the
test started.
"""
import glob as globs
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
SLIP = os.path.join(os.environ.get("TOOLS", os.path.join(HERE, "../../build/tests")), "slip.so")
PHASES = "start", "use", "reload", "upgrade", "use", "crash_worker", "use"
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"


def program(name):
    """Its path; of several versions the newest."""
    there = [p for d in (*PATH.split(":"), *globs.glob("/usr/lib/postgresql/*/bin"))
             for p in globs.glob(f"{d}/{name}") if os.access(p, os.X_OK)]
    assert there, f"{name} is not installed"
    return max(there, key=len) if "*" in name else there[-1]


class Server:
    """stage: the directory, start(), write() and until() of the test; port: where it listens."""

    name = None
    program = None  # of the name; must be installed
    passes = False  # listeners go from process to process by SCM_RIGHTS
    slips = signal.SIGRTMIN + 9  # None: in a way of its own
    lacks = {}  # phase: why there is none

    def __init__(self, stage, world, port):
        self.stage, self.world, self.port = stage, world, port
        self.dir = stage.dir
        self.maker = self.master = None
        self.planted = set()  # pids of helpers that keep a listener for nothing
        self.env = dict(os.environ)
        if self.slips:  # a copy: where every user may read it
            self.env.update(LD_PRELOAD=shutil.copy(SLIP, self.dir), SLIP_TO=self.dir + "/helper")

    def launch(self, *args, **more):
        return self.stage.start(*args, env=self.env, **more)

    def slip_now(self):
        """A helper that holds the listener is started; its pid."""
        os.kill(self.master if self.master in self.holders() else min(self.others()), self.slips)
        return self.pid_of("helper")

    def slip(self):
        if os.path.exists(self.dir + "/helper"):
            os.unlink(self.dir + "/helper")
        helper = self.slip_now()
        self.until(lambda: self.world.title(helper).startswith("sleep"), "the helper does not start")
        assert helper in self.holders()
        self.planted.add(helper)
        return helper

    def until(self, probe, what):
        return self.world.until(probe, f"{self.name}: {what}")

    def inode(self):
        return self.world.listens(self.port)

    def holders(self):
        return set(self.world.descriptors(self.inode())) if self.inode() else set()

    def others(self):
        return self.holders() - {self.master} - self.planted

    def use(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=30) as answer:
            assert answer.status == 200

    def settled(self, holders, was=frozenset()):
        """So many hold the listener, none of `was` among them."""
        self.until(lambda: len(self.holders() - self.planted) == holders and not self.others() & set(was),
                   f"{holders} holders, none of {was}: {self.holders()}")

    def pid_of(self, file, was=None):
        def read():
            try:
                with open(os.path.join(self.dir, file)) as f:
                    return int(f.read().split()[0])
            except (OSError, ValueError, IndexError):
                return None
        return self.until(lambda: (p := read()) not in (None, was) and self.world.proc_state(p) and p,
                          f"no new pid in {file}")

    def gone(self, pid):
        self.until(lambda: self.world.proc_state(pid) in (None, "Z"), f"{pid} does not end")

    def worker_crashes(self, holders):
        was = self.others()
        victim = min(was)
        os.kill(victim, signal.SIGKILL)
        self.settled(holders, {victim})

    def stop(self):
        os.kill(self.master, signal.SIGTERM)
        self.gone(self.master)

    def crash(self):
        os.kill(self.master, signal.SIGKILL)
        self.gone(self.master)


class Nginx(Server):
    name, program = "nginx", "nginx"

    def start(self):
        conf = self.stage.write("conf", f"""daemon off; env LD_PRELOAD; env SLIP_TO; pid {self.dir}/pid; error_log {self.dir}/err;
worker_processes 2; user root; events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {self.dir}/b; proxy_temp_path {self.dir}/p;
fastcgi_temp_path {self.dir}/f; uwsgi_temp_path {self.dir}/u; scgi_temp_path {self.dir}/s;
server {{ listen 127.0.0.1:{self.port}; return 200 'hi'; }} }}""")
        # it takes no upgrade from who started it, so that one ends
        shell = self.launch("/bin/sh", "-c", f"{program('nginx')} -c {conf} -p {self.dir} <&- & read end",
                            stdin=subprocess.PIPE)
        self.until(self.inode, "does not listen")
        self.settled(3)
        shell.communicate()
        self.maker = self.master = self.pid_of("pid")

    def reload(self):
        was = self.others()
        os.kill(self.master, signal.SIGHUP)
        self.settled(3, was)

    def upgrade(self):
        old = self.master
        os.kill(old, signal.SIGUSR2)
        self.settled(6)
        self.master = self.pid_of("pid", old)
        os.kill(old, signal.SIGQUIT)
        self.gone(old)
        self.settled(3)

    def crash_worker(self):
        self.worker_crashes(3)

    def stop(self):
        os.kill(self.master, signal.SIGQUIT)
        self.gone(self.master)


class Redis(Server):
    name, program = "redis", "redis-server"

    def start(self):
        self.run = self.launch(program("redis-server"), "--port", self.port, "--bind", "127.0.0.1",
                               "--dir", self.dir, "--save", "", "--enable-debug-command", "yes",
                               "--rdb-key-save-delay", "1000000")
        self.maker = self.master = self.run.pid
        self.until(self.inode, "does not listen")

    def say(self, *words, answer=b"+"):
        with socket.create_connection(("127.0.0.1", self.port), 30) as c:
            c.sendall((" ".join(words) + "\r\n").encode())
            got = c.recv(100)
            assert answer is None or got.startswith(answer), got

    def use(self):
        self.say("MSET", *(f"k{n} v" for n in range(9)))

    def reload(self):
        self.say("CONFIG SET maxmemory 100mb")

    def upgrade(self):
        """The same process executes itself and listens anew."""
        was = self.inode()
        self.say("DEBUG RESTART", answer=None)
        self.until(lambda: self.inode() not in (None, was), "no new listener")

    def crash_worker(self):
        self.use()
        self.say("BGSAVE")
        child = self.until(lambda: self.world.children(self.master), "no child saves")[0]
        os.kill(child, signal.SIGKILL)
        self.gone(child)


class Postgres(Server):
    name, program = "postgres", "postgres"

    def __init__(self, *args):
        super().__init__(*args)
        self.bin = os.path.dirname(os.path.realpath(program("postgres")))
        self.data = os.path.join(self.dir, "data")

    def run(self, tool, *args):
        user = pwd.getpwnam("postgres")
        done = self.launch(os.path.join(self.bin, tool), *args, user=user.pw_uid, group=user.pw_gid,
                           extra_groups=[]).wait(60)
        assert done == 0, f"{tool} {args}: exit {done}"

    def ctl(self, *args):
        self.run("pg_ctl", "-D", self.data, "-l", self.dir + "/log", "-w", "-t", "60", *args)

    def start(self):
        user = pwd.getpwnam("postgres")
        os.chown(self.dir, user.pw_uid, user.pw_gid)
        if not os.path.exists(self.data):
            self.run("initdb", "-D", self.data, "-A", "trust", "-N")
        self.ctl("-o", f"-p {self.port} -k {self.dir} -F -c listen_addresses=127.0.0.1", "start")
        self.maker = self.master = self.pid_of("data/postmaster.pid")

    def ask(self, query, wait=True):
        args = [os.path.join(self.bin, "psql"), "-h", "127.0.0.1", "-p", self.port, "-U", "postgres",
                "-c", query, "postgres"]
        run = self.stage.start(*args)
        return run.wait(60) if wait else run

    def use(self):
        assert self.ask("select 1") == 0

    def reload(self):
        self.ctl("reload")

    def upgrade(self):
        self.ctl("-m", "fast", "restart")
        self.maker = self.master = self.pid_of("data/postmaster.pid", self.master)

    def crash_worker(self):
        """A backend dies, and the postmaster begins anew with all the others."""
        client = self.ask("select pg_sleep(300)", wait=False)
        backend = self.until(lambda: [p for p in self.world.children(self.master)
                                      if "SELECT" in self.world.title(p)], "no backend")[0]
        os.kill(backend, signal.SIGKILL)
        client.wait(60)
        self.until(lambda: self.ask("select 1") == 0, "not ready again")

    def stop(self):
        self.ctl("-m", "fast", "stop")


class Socat(Server):
    """A stop shuts the listener down; who has a copy of it keeps the port all the same, bound."""

    name, program = "socat", "socat"
    lacks = {"reload": "it reads no configuration", "upgrade": "no socat takes over from another one"}

    def start(self):
        self.run = self.launch(program("socat"), f"TCP-LISTEN:{self.port},bind=127.0.0.1,reuseaddr,fork",
                               "EXEC:cat")
        self.maker = self.master = self.run.pid
        self.until(self.inode, "does not listen")

    def use(self):
        with socket.create_connection(("127.0.0.1", self.port), 30) as c:
            c.sendall(b"x")
            assert c.recv(1) == b"x"

    def crash_worker(self):
        with socket.create_connection(("127.0.0.1", self.port), 30) as c:
            c.sendall(b"x")
            assert c.recv(1) == b"x"
            child = self.world.children(self.master)[0]
            os.kill(child, signal.SIGKILL)
            self.gone(child)


class Haproxy(Server):
    """Master and worker: a worker that takes over gets the listeners of the old one by SCM_RIGHTS."""

    name, program = "haproxy", "haproxy"

    def configure(self):
        return self.stage.write("conf", f"""global
  nbthread 1
  stats socket {self.dir}/stats expose-fd listeners level admin
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 30s
frontend f
  bind 127.0.0.1:{self.port}
  http-request return status 200 content-type text/plain string hi
""")

    def start(self):
        self.run = self.launch(program("haproxy"), "-W", "-f", self.configure(), "-p", self.dir + "/pid")
        self.master = self.run.pid
        self.until(lambda: self.holders() and self.world.children(self.master), "does not listen")
        self.until(lambda: self.others(), "no worker")
        self.maker = self.master

    def reload(self):
        was = self.others()
        os.kill(self.master, signal.SIGUSR2)
        self.until(lambda: self.others() and not self.others() & was, "no new worker")

    upgrade = reload  # the master executes itself for it

    def crash_worker(self):
        """The master minds that one of its workers crashes, and ends."""
        was = self.others()
        os.kill(min(was), signal.SIGKILL)
        self.gone(self.master)
        self.start()

    def crash(self):
        was = self.others()
        super().crash()
        for pid in was:
            self.gone(pid)  # a worker does not outlive its master

    def stop(self):
        os.kill(self.master, signal.SIGTERM)
        self.gone(self.master)


class HaproxyTakesOver(Haproxy):
    """A new process asks the old one for its listeners (-x) and has it finish (-sf)."""

    name, passes = "haproxy-sf", True
    crash_worker = None
    lacks = {"crash_worker": "it is one process"}

    def run_one(self, *more):
        self.run = self.launch(program("haproxy"), "-db", "-f", self.conf, *more)
        return self.run.pid

    def start(self):
        self.conf = self.configure()
        self.maker = self.master = self.run_one()
        self.until(self.inode, "does not listen")

    def upgrade(self):
        old = self.master
        self.master = self.run_one("-x", self.dir + "/stats", "-sf", old)
        self.gone(old)
        self.until(lambda: self.holders() == {self.master}, "the new one does not have it alone")

    reload = upgrade  # there is no other way to read the configuration anew


class Gunicorn(Server):
    """A hook of the master starts a program with close_fds=False, as is done for speed."""

    name, program, slips = "gunicorn", "gunicorn", None

    def start(self):
        self.stage.write("app.py", """
def app(environ, start):
    start("200 OK", [("Content-Length", "2")])
    return [b"hi"]
""")
        conf = self.stage.write("conf.py", f"""
import os, subprocess
graceful_timeout, timeout = 4, 8  # half of which a worker takes to see that its master is gone
bind, workers, pidfile, errorlog = "127.0.0.1:{self.port}", 2, "{self.dir}/pid", "{self.dir}/err"
def on_reload(server):
    if os.path.exists("{self.dir}/slip"):
        helper = subprocess.Popen(["sleep", "3000"], close_fds=False)
        with open("{self.dir}/helper", "w") as f:
            f.write(str(helper.pid))
""")
        self.run = self.launch(program("gunicorn"), "-c", conf, "app:app")
        self.maker = self.master = self.run.pid
        self.until(self.inode, "does not listen")
        self.settled(3)

    def slip_now(self):
        was, asked = self.others(), self.stage.write("slip", "")
        os.kill(self.master, signal.SIGHUP)
        self.planted.add(self.pid_of("helper"))
        self.settled(3, was)
        os.unlink(asked)
        return self.pid_of("helper")

    def reload(self):
        was = self.others()
        os.kill(self.master, signal.SIGHUP)
        self.settled(3, was)

    def upgrade(self):
        old, was = self.master, self.others()
        os.kill(old, signal.SIGUSR2)
        self.settled(6)
        self.master = self.until(lambda: next((p for p in self.world.children(old)
                                               if self.world.children(p)), None), "no new master")
        os.kill(old, signal.SIGTERM)
        self.gone(old)
        self.settled(3, was)

    def crash_worker(self):
        self.worker_crashes(3)

    def crash(self):
        was = self.others()
        super().crash()
        for pid in was:
            self.gone(pid)  # a worker minds that its parent has changed


class Apache(Server):
    """A logger at the end of a pipe is started by the master, and must not be told to hold anything."""

    name, program = "apache2", "apache2"

    def start(self):
        modules = "/usr/lib/apache2/modules"
        conf = self.stage.write("conf", f"""ServerRoot {self.dir}
ServerName localhost
PidFile {self.dir}/pid
DefaultRuntimeDir {self.dir}
Mutex posixsem
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
Listen 127.0.0.1:{self.port}
StartServers 2
ThreadsPerChild 2
MaxRequestWorkers 4
MinSpareThreads 2
MaxSpareThreads 4
User nobody
Group nogroup
ErrorLog {self.dir}/err
LogFormat "%h"
TransferLog "|/bin/cat >/dev/null"
DocumentRoot {self.dir}/www
""")
        os.makedirs(self.dir + "/www", exist_ok=True)
        with open(self.dir + "/www/index", "w", encoding="ascii") as f:
            f.write("hi")
        os.chmod(self.dir + "/www", 0o755)
        self.run = self.launch(program("apache2"), "-f", conf, "-DFOREGROUND")
        self.maker = self.master = self.run.pid
        self.until(self.inode, "does not listen")
        self.settled(3)

    def use(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/index", timeout=30) as answer:
            assert answer.read() == b"hi"

    def reload(self):
        was = self.others()
        os.kill(self.master, signal.SIGUSR1)
        self.settled(3, was)

    def upgrade(self):
        """The nearest to one that it has: all workers go at once, and the modules are loaded anew."""
        was = self.others()
        os.kill(self.master, signal.SIGHUP)
        self.settled(3, was)

    def crash_worker(self):
        self.worker_crashes(3)


def fcgi(port, script):
    """One request to a FastCGI server, its output."""
    def record(kind, body):
        return struct.pack("!BBHHBB", 1, kind, 1, len(body), 0, 0) + body

    names = {"SCRIPT_FILENAME": script, "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/x", "REQUEST_URI": "/x"}
    pairs = b"".join(bytes([len(k), len(v)]) + k.encode() + v.encode() for k, v in names.items())
    with socket.create_connection(("127.0.0.1", port), 30) as c:
        c.sendall(record(1, struct.pack("!HB5x", 1, 0)) + record(4, pairs) + record(4, b"") + record(5, b""))
        got = b""
        while part := c.recv(65536):
            got += part
    return got


class Fpm(Server):
    """A child has the listener as its standard input, and so has what it runs in the background."""

    name, program, slips = "php-fpm", "php-fpm*", None

    def start(self):
        conf = self.stage.write("conf", f"""[global]
pid = {self.dir}/pid
error_log = {self.dir}/err
[www]
user = nobody
group = nogroup
listen = 127.0.0.1:{self.port}
pm = static
pm.max_children = 2
""")
        self.page = self.stage.write("hi.php", "<?php echo 'hi';")
        self.helper = self.stage.write("helper.php", "<?php echo 'pid=' . exec('sleep 3000 >/dev/null 2>&1 & echo $!') . ';';")
        self.run = self.launch(program(self.program), "-F", "-y", conf)
        self.maker = self.master = self.run.pid
        self.until(self.inode, "does not listen")
        self.settled(3)

    def use(self):
        assert b"hi" in fcgi(self.port, self.page)

    def slip_now(self):
        return int(fcgi(self.port, self.helper).split(b"pid=")[1].split(b";")[0])

    def reload(self):
        was = self.others()
        os.kill(self.master, signal.SIGUSR2)
        self.settled(3, was)

    upgrade = reload  # the master executes itself with the listener it has

    def crash_worker(self):
        self.worker_crashes(3)


FLEET = [Nginx, Redis, Postgres, Socat, Haproxy, HaproxyTakesOver, Gunicorn, Apache, Fpm]
