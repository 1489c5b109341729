"""The systemd units: are they some, how much do they give away, are their rights those that are needed?

Recorder and exporter run as a user that is nobody else, with the capabilities of the unit and no others;
the exporter also as root with those of kubernetes.yaml.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import pytest
import yaml

from conftest import BUILT, BROKEN, PATIENCE, PROBATE, ROOT, end_all

CONTRIB = os.path.join(ROOT, "contrib")
RECORD, SERVE = "probate-record.service", "probate-serve.service"
INSTALLED = "/usr/local/bin/probate"
SOMEBODY = 61234  # no user has that number: as DynamicUser= would choose
MOST_EXPOSED = 20  # in tenths; "OK" ends at 50
USAGE, CANNOT = 2, 3


def read(unit):
    with open(os.path.join(CONTRIB, unit)) as f:
        return f.read()


def setting(name, unit):
    """All that one setting of the unit says, in order."""
    return re.findall(rf"^{name}=(.*)$", read(unit), re.M)


def capabilities(unit=RECORD):
    (ambient,), (bounding,) = (setting(name, unit) for name in ("AmbientCapabilities",
                                                                "CapabilityBoundingSet"))
    assert ambient == bounding
    return [c.removeprefix("CAP_").lower() for c in ambient.split()]


# ---- the units themselves ---------------------------------------------------------------------

@pytest.fixture
def analyze(tmp_path):
    tool = shutil.which("systemd-analyze")
    if not tool:
        pytest.skip("systemd-analyze is not installed")
    for unit in RECORD, SERVE, "probate-serve.socket":
        (tmp_path / unit).write_text(read(unit).replace(INSTALLED, PROBATE))

    def run(unit, *args):
        return subprocess.run([tool, *args, str(tmp_path / unit)], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return run


@pytest.mark.parametrize("unit", [RECORD, SERVE, "probate-serve.socket"])
def test_verify(analyze, unit):
    done = analyze(unit, "verify", "--man=no")
    assert done.returncode == 0 and not done.stdout, done.stdout


@pytest.mark.parametrize("unit", [RECORD, SERVE])
def test_security(analyze, unit):
    done = analyze(unit, "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}")
    if "offline" in done.stdout and "exposure" not in done.stdout:
        pytest.skip("this systemd-analyze rates no files")
    assert done.returncode == 0, done.stdout
    assert re.search(r"exposure level .* (OK|SAFE)", done.stdout), done.stdout[-300:]


def test_the_exporter_has_three_rights():
    assert capabilities(SERVE) == ["bpf", "perfmon", "net_admin"]
    assert setting("DynamicUser", SERVE) == ["yes"] and setting("NoNewPrivileges", SERVE) == ["yes"]


def test_the_exporter_is_waited_for_and_watched():
    assert setting("Type", SERVE) == ["notify"]
    (watchdog,) = setting("WatchdogSec", SERVE)
    assert 10 <= int(watchdog) <= 60


def test_the_exporter_comes_back_by_itself():
    """After all but a wrong command line, and seldom enough never to be given up."""
    assert setting("Restart", SERVE) == ["on-failure"]
    assert setting("RestartPreventExitStatus", SERVE) == [str(USAGE)]
    (wait,) = setting("RestartSec", SERVE)
    assert int(wait) >= 10 and not setting("StartLimitIntervalSec", SERVE)


def test_boot_does_not_wait_for_the_exporter():
    assert not any(setting(name, SERVE) for name in ("Before", "After", "Wants", "Requires"))


@pytest.mark.parametrize("args, code", [(["--web.listen-address=127.0.0.1:{taken}"], CANNOT),
                                        (["--web.listen-address=nowhere"], USAGE), (["--no"], USAGE)])
def test_what_may_be_over_later_is_told_from_what_stays_wrong(obstacle, args, code, tmp_path):
    if obstacle:
        pytest.skip(obstacle)
    with socket.create_server(("127.0.0.1", 0)) as s:
        line = [a.format(taken=s.getsockname()[1]) for a in args]
        done = subprocess.run([PROBATE, "serve", *line], env=dict(os.environ, PROBATE_RUN=str(tmp_path)),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == code, done.stderr


def test_the_socket_is_where_the_exporter_listens():
    (address,) = setting("ListenStream", "probate-serve.socket")
    help = subprocess.run([PROBATE, "serve", "--help"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=PATIENCE).stdout
    assert re.search(rf"--web.listen-address .*\({re.escape(address)}\)", help), help


def test_install(tmp_path):
    """The units run the program that was installed with them."""
    build = os.path.dirname(os.path.abspath(BUILT))
    if os.path.commonpath([build, ROOT]) != ROOT or not shutil.which("make"):
        pytest.skip("the program is not built in this tree")
    done = subprocess.run(["make", "-s", "-C", ROOT, "-o", "all", f"B={build}", "PREFIX=/opt/p",
                           f"DESTDIR={tmp_path}", "install"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for name in RECORD, SERVE:
        unit = (tmp_path / "opt/p/lib/systemd/system" / name).read_text()
        (program,) = re.findall(r"^ExecStart=(\S+)", unit, re.M)
        assert program == "/opt/p/bin/probate" and os.access(f"{tmp_path}{program}", os.X_OK)
        assert INSTALLED not in unit
    assert (tmp_path / "opt/p/lib/systemd/system/probate-serve.socket").exists()
    made = (tmp_path / "opt/p/lib/sysusers.d/probate.conf").read_text()
    assert re.search(r"^u probate - ", made, re.M)
    share = tmp_path / "opt/p/share"
    for name in "alerts.yaml", "grafana.json":
        assert (share / "probate" / name).read_bytes() == read(name).encode()
    for name in "probate/kubernetes.yaml", "man/man8/probate.8":
        installed, own = (share / name).read_text(), read(os.path.basename(name))
        assert "/usr/local/" in own and installed == own.replace("/usr/local/", "/opt/p/"), name
    (path,) = re.findall(r"- (/opt/p/\S+alerts.yaml)", (share / "man/man8/probate.8").read_text())
    assert os.path.exists(f"{tmp_path}{path}")
    modes = {oct(f.stat().st_mode & 0o777) for f in tmp_path.rglob("*") if f.is_file() and f.name != "probate"}
    assert modes == {"0o644"}


# ---- the recorder's rights --------------------------------------------------------------------

LEAK = """
import os, socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
s.set_inheritable(True)
if not os.fork():
    os.execv(sys.argv[2], ["sleep", "300"])
print("ready", flush=True)
time.sleep(300)
"""


def until(probe, what):
    end = time.monotonic() + PATIENCE
    while True:
        got = probe()
        if got:
            return got
        assert time.monotonic() < end, what
        time.sleep(0.01)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(p) for p in f.read().split()]


def comm(pid):
    with open(f"/proc/{pid}/comm") as f:
        return f.read().strip()


class Leak:
    """A server of the user nobody and the child that keeps its port."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]
        self.proc = subprocess.Popen([sys.executable, "-c", LEAK, str(self.port),
                                      shutil.which("sleep")], user="nobody", group=65534,
                                     extra_groups=[], stdin=subprocess.DEVNULL, cwd="/",
                                     stdout=subprocess.PIPE, text=True)
        assert self.proc.stdout.readline() == "ready\n"
        (self.keeper,) = children(self.proc.pid)
        until(lambda: comm(self.keeper) == "sleep", "sleep did not start")

    def kill(self):
        self.proc.kill()
        self.proc.wait()

    def end(self):
        os.kill(self.keeper, signal.SIGKILL)
        self.kill()
        self.proc.stdout.close()


@pytest.fixture
def leak():
    started = []

    def plant():
        started.append(Leak())
        return started[-1]

    yield plant
    end_all(started)


NO_ENTRY = re.compile(r"probate: Incomplete: \d+ other network namespaces may not be looked into from here; "
                      r"sockets may be missing\.\s*")


class Recorder:
    """The recorder as somebody with these capabilities alone."""

    def __init__(self, dir, caps):
        self.dir = dir
        plus = "-all," + ",".join("+" + c for c in caps)
        os.chown(dir, SOMEBODY, SOMEBODY)
        self.proc = subprocess.Popen(
            ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups",
             f"--inh-caps={plus}", f"--ambient-caps={plus}", f"--bounding-set={plus}",
             "--no-new-privs", PROBATE, "record", f"{dir}/rec/"],
            env=dict(os.environ, PROBATE_RUN=str(dir)), stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        self.said = self.proc.stderr.readline()
        if self.said.startswith("setpriv"):
            self.end()
            pytest.skip(self.said.strip())

    def end(self):
        self.proc.terminate()
        self.said += self.proc.stderr.read()
        self.proc.stderr.close()
        return self.proc.wait(PATIENCE)

    def ask(self, *args):
        done = subprocess.run([PROBATE, "-r", f"{self.dir}/rec", "--json", *args],
                              capture_output=True, text=True, timeout=PATIENCE)
        # Others may have network namespaces here, into which these rights do not reach: that is said.
        enough = done.returncode == 0 or (done.returncode == 4 and NO_ENTRY.fullmatch(done.stderr))
        assert enough and not BROKEN.search(done.stderr), done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def record(obstacle):
    started = []
    dir = tempfile.mkdtemp(prefix="probate-units-")  # not pytest's, which is root's alone

    def start(caps):
        if obstacle:
            pytest.skip(obstacle)
        if not shutil.which("setpriv"):
            pytest.skip("setpriv is not installed")
        started.append(Recorder(dir, caps))
        return started[-1]

    yield start
    for one in started:
        if one.proc.poll() is None:
            one.end()
    shutil.rmtree(dir)


def played(record, leak, caps):
    """A leak from before the recorder and one that it saw; then it was stopped."""
    old = leak()
    recorder = record(caps)
    assert "recording to" in recorder.said, recorder.said
    new = leak()
    new.kill()
    assert recorder.end() == 0, recorder.said
    return recorder, old, new


def test_the_rights_of_the_unit_are_enough(record, leak):
    recorder, old, new = played(record, leak, capabilities())
    (sock,) = recorder.ask("port", str(new.port))["sockets"]
    assert sock["verdict"] == "leaked" and sock["certain"] and sock["uid"] == 65534
    assert sock["creator"]["pid"] == new.proc.pid and sock["creator"]["exit"]["signal"] == 9
    assert sock["creator"]["exit"]["by"]["pid"] == os.getpid()
    assert [h["pid"] for h in sock["holders"]] == [new.keeper]
    (sock,) = recorder.ask("port", str(old.port))["sockets"]
    assert {h["pid"] for h in sock["holders"]} == {old.proc.pid, old.keeper}
    sleep = os.path.realpath(shutil.which("sleep"))
    assert recorder.ask("pid", str(old.keeper))["exe"] == sleep
    assert recorder.said.count("\n") == 1, recorder.said


@pytest.mark.parametrize("cap", ["bpf", "perfmon"])
def test_without_it_nothing_is_seen(record, cap):
    recorder = record([c for c in capabilities() if c != cap])
    assert recorder.proc.wait(PATIENCE) == CANNOT and "CAP_BPF" in recorder.said


def test_ptrace_tells_programs_from_before(record, leak):
    recorder, old, _ = played(record, leak, [c for c in capabilities() if c != "sys_ptrace"])
    assert recorder.ask("pid", str(old.keeper))["exe"] is None


@pytest.fixture
def cgroup():
    """A cgroup2 of its own that this process is in until it is told to leave."""
    with open("/proc/self/mountinfo") as f:
        mounts = [line.split()[4] for line in f if " - cgroup2 " in line]
    with open("/proc/self/cgroup") as f:
        (old,) = re.findall(r"^0::(.*)$", f.read(), re.M) or [None]
    if not mounts or not os.access(f"{mounts[-1]}{old}/cgroup.procs", os.W_OK):
        pytest.skip("there is no cgroup2 here that could be written")
    old, new = mounts[-1] + old, f"{mounts[-1]}/probate-test-{os.getpid()}"

    def move(pid, there):
        with open(f"{new if there else old}/cgroup.procs", "w") as f:
            f.write(str(pid))
    os.mkdir(new)
    yield move
    move(os.getpid(), False)
    until(lambda: not pathlib.Path(new, "cgroup.procs").read_text(), "the cgroup is not left")
    os.rmdir(new)


def cgroup_told(record, leak, move, caps):
    """Of a socket, when nobody is left in its creator's cgroup before the recorder could look."""
    recorder = record(caps)
    recorder.proc.send_signal(signal.SIGSTOP)
    move(os.getpid(), True)
    new = leak()
    move(os.getpid(), False)
    move(new.keeper, False)
    new.kill()
    recorder.proc.send_signal(signal.SIGCONT)
    assert recorder.end() == 0, recorder.said
    (sock,) = recorder.ask("port", str(new.port))["sockets"]
    assert sock["creator"]["pid"] == new.proc.pid
    shutil.rmtree(f"{recorder.dir}/rec")
    return sock["cgroup"]


def test_dac_read_search_tells_cgroups_that_nobody_is_in(record, leak, cgroup):
    """At once; without it a search does, which may have to wait (tests/serve/test_cgroups.py)."""
    assert cgroup_told(record, leak, cgroup, capabilities()) == f"/probate-test-{os.getpid()}"


# ---- the exporter's rights --------------------------------------------------------------------

def container():
    """What kubernetes.yaml gives the container."""
    pods = [d["spec"]["template"]["spec"] for d in yaml.safe_load_all(read("kubernetes.yaml"))
            if d["kind"] == "DaemonSet"]
    return pods[0]["containers"][0]["securityContext"]


def as_service():
    caps = ",".join("+" + c for c in capabilities(SERVE))
    return [f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups", f"--inh-caps=-all,{caps}",
            f"--ambient-caps=-all,{caps}", f"--bounding-set=-all,{caps}"]


def as_container():
    caps = ",".join("+" + c.lower() for c in container()["capabilities"]["add"])
    return ["--inh-caps=-all", f"--bounding-set=-all,{caps}"]


class Exporter:
    def __init__(self, rights, dir, owner):
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.address = "127.0.0.1:%d" % s.getsockname()[1]
        os.chown(dir, owner, owner)
        self.proc = subprocess.Popen(
            ["setpriv", *rights, "--no-new-privs", PROBATE, "serve",
             f"--web.listen-address={self.address}"],
            env=dict(os.environ, RUNTIME_DIRECTORY=dir, ASAN_OPTIONS="detect_leaks=0"), stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        self.said = ""
        for line in self.proc.stderr:
            self.said += line
            if "watching" in line:
                return
        self.end()
        if "setpriv:" in self.said:
            pytest.skip(self.said.strip())
        pytest.fail(self.said)

    def value(self, series):
        """Of a series as the page writes it; None: there is none."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=PATIENCE) as page:
            found = re.search(rf"^{re.escape(series)} (\S+)$", page.read().decode(), re.M)
        return float(found[1]) if found else None

    def status(self):
        with open(f"/proc/{self.proc.pid}/status") as f:
            return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)

    def end(self):
        self.proc.terminate()
        self.said += self.proc.stderr.read()
        self.proc.stderr.close()
        return self.proc.wait(PATIENCE)


@pytest.mark.parametrize("rights, owner", [(as_service, SOMEBODY), (as_container, 0)])
def test_the_rights_of_the_exporter_are_enough(obstacle, leak, rights, owner):
    """It sees a port leak, keeps what it knows, and has none of its rights any more."""
    if obstacle:
        pytest.skip(obstacle)
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    dir = tempfile.mkdtemp(prefix="probate-units-")  # not pytest's, which is root's alone
    exporter = Exporter(rights(), dir, owner)
    try:
        leaked = 'probate_leaked_sockets{proto="tcp"}'
        before = exporter.value(leaked)
        server = leak()
        server.kill()
        until(lambda: exporter.value(leaked) == before + 1, "the leak is not told")
        until(lambda: exporter.value("probate_state_saved_timestamp_seconds"), "nothing is saved")
        status = exporter.status()
        for held in "CapInh", "CapPrm", "CapEff", "CapAmb":
            assert int(status[held], 16) == 0, (held, status[held])
        assert "0" not in status["Uid"].split() and "0" not in status["Gid"].split()
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    finally:
        code = exporter.end()
        shutil.rmtree(dir)
    assert code == 0 and not BROKEN.search(exporter.said), exporter.said
    assert "not survive" not in exporter.said, exporter.said
