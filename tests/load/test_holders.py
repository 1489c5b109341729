"""One user, one socket, hundreds of thousands of descriptors of it: nobody who watches stands still.

All of them watch at once: a recorder, an exporter, `ports -w` and `trace`. Nothing here is timed:
each step is over when a marker process, started after it, has come out of the tracer, and what would
stand for minutes does not get there.
"""
import contextlib
import os
import signal
import socket
import subprocess
import tempfile

import pytest

from test_load import PROBATE, TIMEOUT_S, TOOLS, Tracer, is_event

FDS, KIDS = 4000 if "/san/" in PROBATE else 19000, 10
ROOM_KIB = 24 << 10  # what a peak may leave behind; 190,000 holds take more than 13 MiB


class Watcher(Tracer):
    """Any live command: it is there when it has said so."""

    def __init__(self, directory, name, words, *args, env=None):
        os.mkdir(os.path.join(directory, name))
        super().__init__(os.path.join(directory, name), *args)
        self.words_of_begin = words.encode()
        # an exporter has given up what LeakSanitizer needs
        self.env = dict(env or os.environ, ASAN_OPTIONS="detect_leaks=0:quarantine_size_mb=4")

    def __enter__(self):
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.run = subprocess.Popen(self.args, stdin=subprocess.DEVNULL, stdout=out,
                                        stderr=err, env=self.env)
        try:
            self.await_line(lambda line: self.words_of_begin in line, path=self.err)
        except BaseException:
            self.__exit__()
            raise
        return self

    def rss_kib(self):
        with open("/proc/%d/status" % self.run.pid) as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))

    def end(self):
        self.run.send_signal(signal.SIGTERM)
        return self.run.wait(TIMEOUT_S)


@contextlib.contextmanager
def holders(kind, fds=FDS, kids=KIDS):
    """The maker and its children, all there, as a user without any privilege."""
    run = subprocess.Popen(
        [os.path.join(TOOLS, "holders"), kind, str(fds), str(kids)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert run.stdout.readline() == b"ready\n"
        yield run
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        run.stdin.close()
        run.stdout.close()


def let_go(maker, how):
    if how == "killed":
        maker.kill()
        maker.wait()
        return
    maker.stdin.write(b"e" if how == "executes" else b"c")
    maker.stdin.flush()
    if how == "closes":
        assert maker.stdout.readline() == b"closed\n"
        return
    while os.readlink("/proc/%d/exe" % maker.pid).endswith("holders"):
        os.sched_yield()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def watchers():
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        env = dict(os.environ, PROBATE_RUN=os.path.join(directory, "run"))
        os.mkdir(env["PROBATE_RUN"])

        def watch(name, words, *args):
            return stack.enter_context(Watcher(directory, name, words, *args, env=env))

        yield {
            "record": watch("record", "probate: recording", "record",
                            os.path.join(directory, "rec") + "/"),
            "serve": watch("serve", "probate: watching", "serve", "--user", "root",
                           "--web.listen-address=127.0.0.1:%d" % free_port()),
            "ports": watch("ports", "probate: watching", "ports", "-w"),
            "trace": watch("trace", "probate: watching", "trace", "--json"),
        }


@pytest.mark.parametrize("kind, how", [("tcp", "killed"), ("unix", "closes"), ("udp", "executes")])
def test_a_crowd_of_holds(watchers, kind, how):
    trace = watchers["trace"]
    trace.await_marker()
    before = {name: w.rss_kib() for name, w in watchers.items()}
    offset = os.path.getsize(trace.out)
    with holders(kind) as maker:
        trace.await_marker()
        let_go(maker, how)
        trace.await_marker()
    trace.await_marker()
    with open(trace.out, "rb") as f:
        f.seek(offset)
        told = [line for line in f if is_event(line, b"transfer")
                and b'"pid":%d,' % maker.pid in line.replace(b" ", b"")]
    if how != "executes":  # what executes cat still holds it, until it ends with all
        assert len(told) == 1, told
    after = {name: w.rss_kib() for name, w in watchers.items()}
    print(kind, how, before, after)
    for name, w in watchers.items():
        assert w.run.poll() is None, (name, w.words())
    for name in ("trace", "record"):
        assert after[name] < before[name] + ROOM_KIB, (name, before, after)


def test_all_of_them_end(watchers):
    for name, w in watchers.items():
        assert w.end() == 0, (name, w.words())
