"""Health is what is so: of the thread that applies events, while that of HTTP goes on answering."""
import contextlib
import ctypes
import os
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

from serve_tools import PATIENCE, TOOLS, exporter, free_port, left_out, planted  # noqa: F401

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 17, 0x4206, 0x4207, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, tid):
    if libc.ptrace(request, tid, None, None):
        error = ctypes.get_errno()
        pytest.skip(f"ptrace: {os.strerror(error)}")


@contextlib.contextmanager
def frozen(tid):
    """One thread stands; the others of its process do not."""
    ptrace(PTRACE_SEIZE, tid)
    ptrace(PTRACE_INTERRUPT, tid)
    os.waitpid(tid, WALL)
    try:
        yield
    finally:
        ptrace(PTRACE_DETACH, tid)


def asked(serve, path):
    try:
        return 200, serve.get(path)
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def awaited(serve, path, code):
    end = time.monotonic() + PATIENCE
    while True:
        got = asked(serve, path)
        if got[0] == code:
            return got[1]
        assert time.monotonic() < end, got
        time.sleep(0.05)


def test_a_loop_that_stands_is_told(exporter):
    serve = exporter()
    assert awaited(serve, "/-/ready", 200) == "ready\n"
    assert awaited(serve, "/-/healthy", 200) == "healthy\n"
    with frozen(serve.pid):
        said = awaited(serve, "/-/ready", 503)
        assert re.fullmatch(r"events have not been looked at for \d+\.\d s\n|"
                            r"what is told here is \d+\.\d s behind what happens\n", said), said
        said = awaited(serve, "/-/healthy", 503)
        assert re.fullmatch(r"events have not been looked at for \d+\.\d s\n", said), said
    assert awaited(serve, "/-/ready", 200) == "ready\n"
    assert awaited(serve, "/-/healthy", 200) == "healthy\n"
    assert serve.scrape()("probate_event_lag_seconds") >= 0


class Waiting(threading.Thread):
    """Asks as soon as somebody listens there; the first answers."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.base, self.told = f"http://127.0.0.1:{port}", []

    def ask(self, path):
        try:
            with urllib.request.urlopen(self.base + path, timeout=PATIENCE) as answer:
                return 200, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()

    def run(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not self.told:
            with contextlib.suppress(urllib.error.URLError):
                self.told = [self.ask("/-/ready"), self.ask("/-/healthy")]
            time.sleep(0.01)


def test_it_answers_before_everything_was_looked_at(exporter):
    """The first look takes its time where there are many sockets: healthy meanwhile, and not ready."""
    port = free_port()
    with subprocess.Popen([os.path.join(TOOLS, "crowd"), "unix", "60000"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as crowd:
        try:
            assert crowd.stdout.readline() == b"ready\n"
            waiting = Waiting(port)
            waiting.start()
            serve = exporter(f"--web.listen-address=127.0.0.1:{port}")
            waiting.join(PATIENCE)
            assert waiting.told == [(503, "not everything has been looked at yet\n"), (200, "healthy\n")]
            assert awaited(serve, "/-/ready", 200) == "ready\n"
        finally:
            crowd.stdin.close()


def test_the_service_manager_hears_of_the_loop_alone(exporter, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(tmp_path / "notify"))
        s.settimeout(PATIENCE)
        serve = exporter(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="200000")

        def signs():
            while s.recv(4096) != b"WATCHDOG=1\n":
                pass

        signs()
        with frozen(serve.pid):
            # all that it said before; HTTP goes on, and that it does is no sign
            s.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    s.recv(4096)
            awaited(serve, "/-/ready", 503)
            with pytest.raises(BlockingIOError):
                s.recv(4096)
        s.settimeout(PATIENCE)
        signs()
