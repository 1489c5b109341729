"""Health is what is so: of the thread that applies events, while that of HTTP goes on answering."""
import contextlib
import ctypes
import os
import re
import socket
import time
import urllib.error

import pytest

from serve_tools import PATIENCE, exporter, left_out, planted  # noqa: F401

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
