"""What the tests of the command line share: runs in bytes, on pipes and on terminals.

Fixtures are imported by name: a second conftest.py would hide the first from the other tests.
"""
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROBATE = os.environ.get("PROBATE", str(ROOT / "build" / "probate"))
SCENE = os.environ.get("SCENE", str(ROOT / "build" / "tests" / "scene"))
PATIENCE = 30.0
BROKEN = re.compile(rb"AddressSanitizer|LeakSanitizer|runtime error:|Assertion|Segmentation")


class Done:
    """What one run left: exit code, bytes of stdout and stderr."""

    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err
        assert not BROKEN.search(err), str(self)

    def __str__(self):
        return f"probate {self.args}: exit {self.code}, {self.out[-800:]!r}, {self.err[-800:]!r}"

    def sentences(self):
        """Lines of stderr but for the one that says that it is watching; each must be ours."""
        lines = [x for x in self.err.decode().split("\n") if x]
        assert all(x.startswith("probate: ") for x in lines), str(self)
        return [x for x in lines if not x.startswith("probate: watching")]

    def sentence(self):
        lines = self.sentences()
        assert len(lines) == 1, str(self)
        return lines[0]


def environment(**more):
    env = {k: v for k, v in os.environ.items()
           if k not in ("COLUMNS", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "TERM")}
    env.update(LANG="C.UTF-8", TERM="xterm")
    env.update({k: v for k, v in more.items() if v is not None})
    return env


class Cli:
    path = PROBATE

    def __call__(self, *args, env=None, stdin=subprocess.DEVNULL, before=(), **more):
        """Runs it with pipes.  before: what runs it (setpriv ...)."""
        done = subprocess.run([*before, PROBATE, *args], env=env or environment(), stdin=stdin,
                              stdout=more.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
                              timeout=PATIENCE, **more)
        return Done(args, done.returncode, done.stdout or b"", done.stderr)

    def shell(self, script, **env):
        """Runs a shell script in which $P is the program."""
        done = subprocess.run(["bash", "-c", script], env=environment(P=PROBATE, **env),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
        return Done(script, done.returncode, done.stdout, done.stderr)

    def terminal(self, *args, columns=80, rows=50, **env):
        """Runs it with stdout on a terminal of its own; stderr stays a pipe."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        mode = termios.tcgetattr(slave)
        mode[1] &= ~termios.OPOST  # bytes as they were written
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        proc = subprocess.Popen([PROBATE, *args], env=environment(**env),
                                stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE)
        os.close(slave)
        out, until = b"", time.monotonic() + PATIENCE
        try:
            while select.select([master], [], [], max(0, until - time.monotonic()))[0]:
                try:
                    part = os.read(master, 65536)
                except OSError as e:
                    assert e.errno == errno.EIO
                    break
                if not part:
                    break
                out += part
            else:
                pytest.fail(f"probate {args}: does not end")
            err = proc.stderr.read()
            return Done(args, proc.wait(PATIENCE), out, err)
        finally:
            proc.kill()
            proc.wait()
            proc.stderr.close()
            os.close(master)


@pytest.fixture
def cli():
    if not os.access(PROBATE, os.X_OK):
        pytest.fail(f"{PROBATE} is not built")
    return Cli()


@pytest.fixture
def live(cli, obstacle):
    """The program where BPF can be used; else the test is skipped."""
    if obstacle:
        pytest.skip(obstacle)
    return cli


def wait_until(ready, what, patience=PATIENCE):
    """Polls what has no marker of its own: state of another process, objects of the kernel."""
    until = time.monotonic() + patience
    while True:
        got = ready()
        if got or time.monotonic() > until:
            assert got, f"{what} never came"
            return got
        time.sleep(0.005)


@pytest.fixture
def wait():
    return wait_until


def process_gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


class Running:
    """A live command in a process group of its own, after it has said that it is watching."""

    def __init__(self, args, out, ready=True, **more):
        self.proc = subprocess.Popen([PROBATE, *args], env=environment(),
                                     stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                                     start_new_session=True, **more)
        self.pid = self.proc.pid
        self.err = b""
        if ready:
            self.until(b"watching (")

    def until(self, word):
        end = time.monotonic() + PATIENCE
        while word not in self.err:
            assert select.select([self.proc.stderr], [], [], max(0, end - time.monotonic()))[0]
            part = os.read(self.proc.stderr.fileno(), 4096)
            assert part, f"it ended: {self.err!r}"
            self.err += part

    def end(self, sig=None):
        if sig:
            self.proc.send_signal(sig)
        try:
            code = self.proc.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            pytest.fail(f"{self.proc.args} did not end on signal {sig}")
        # what it started may still have stderr open: no waiting for its end
        while select.select([self.proc.stderr], [], [], 0)[0]:
            part = os.read(self.proc.stderr.fileno(), 4096)
            if not part:
                break
            self.err += part
        return Done(self.proc.args, code, b"", self.err)

    def kill(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.proc.wait()


@pytest.fixture
def running(live):
    """running("ports", "-w") starts a live command; running(..., out=file)."""
    started = []

    def start(*args, out=subprocess.DEVNULL, **more):
        started.append(Running(args, out, **more))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.proc.stderr.close()
