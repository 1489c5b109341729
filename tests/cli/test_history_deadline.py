"""A one-shot asks whoever keeps the history here, and waits for no one: it answers without."""
import os
import signal
import socket
import threading
import time

import pytest

from cli_tools import cli, environment, live, running, wait  # noqa: F401


class Keeper:
    """Listens where a recorder does, and answers what it is told to."""

    def __init__(self, path, answer):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(str(path))
        self.sock.listen(8)
        self.answer = answer
        self.ended = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while not self.ended.is_set():
            try:
                conn = self.sock.accept()[0]
            except OSError:
                return
            try:
                for part in self.answer(self.ended):
                    conn.sendall(part)
            except OSError:
                pass
            conn.close()

    def close(self):
        self.ended.set()
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def silent(ended):
    ended.wait()
    yield b""


def trickles(ended):
    while not ended.wait(0.2):
        yield b"/"


def endless(ended):
    while not ended.is_set():
        yield b"/x" * 4096


def line(text):
    return lambda ended: iter([text])


LATE = "does not answer"
NONSENSE = "answers nonsense"
UNREAD = "cannot be read"
ANSWERS = {
    "silent": (silent, LATE), "trickles": (trickles, LATE), "endless": (endless, NONSENSE),
    "relative": (line(b"var/lib\n"), NONSENSE), "nul": (line(b"/var/\0lib\n"), NONSENSE),
    "two": (line(b"/a\n/b\n"), NONSENSE), "binary": (line(b"\xff\x00\x01\n"), NONSENSE),
    "half": (line(b"/var/lib"), NONSENSE), "empty": (line(b""), None),
    "nothing there": (line(b"/nowhere\n"), UNREAD), "device": (line(b"/dev/zero\n"), "is no recording"),
}


@pytest.fixture
def keeper(tmp_path):
    made = []

    def start(name, answer):
        made.append(Keeper(tmp_path / name, answer))
        return environment(PROBATE_RUN=str(tmp_path))

    yield start
    for one in made:
        one.close()


@pytest.mark.parametrize("kind, name", [
    (kind, name) for kind in ANSWERS for name in ("recorder.sock", "serve.sock")
    if (kind, name) not in {("silent", "serve.sock"), ("trickles", "recorder.sock")}])
def test_keeper_that_does_not_answer(live, keeper, kind, name):
    answer, said = ANSWERS[kind]
    done = live("zombies", "--json", env=keeper(name, answer))
    assert done.code == 0
    assert [x for x in done.sentences() if "history" in x] == \
        ([x for x in done.sentences() if said in x] if said else []), str(done)
    assert not said or any(said in x for x in done.sentences()), str(done)


def test_all_answers_share_one_deadline(live, keeper):
    """A slow recorder leaves no time for a slow exporter."""
    env = keeper("recorder.sock", trickles)
    keeper("serve.sock", trickles)
    begin = time.monotonic()
    done = live("ports", "--json", env=env)
    assert done.code == 0 and len(done.sentences()) == 1
    assert time.monotonic() - begin < 8     # each by itself would take longer than for ever


def test_recorder_that_is_stopped(running, live, tmp_path):
    env = environment(PROBATE_RUN=str(tmp_path))
    os.environ["PROBATE_RUN"], before = str(tmp_path), os.environ.get("PROBATE_RUN")
    try:
        one = running("record", f"{tmp_path}/d/", ready=False)
    finally:
        os.environ.pop("PROBATE_RUN") if before is None else os.environ.update(PROBATE_RUN=before)
    one.until(b"recording to")
    assert "with the history in" in live("tree", "--json", env=env).sentence()
    one.proc.send_signal(signal.SIGSTOP)
    try:
        done = live("tree", "--json", env=env)
        assert done.code == 0 and LATE in done.sentence(), str(done)
        # those that gave up fill its queue: the next one is not even let in
        asked = []
        for _ in range(64):
            s = socket.socket(socket.AF_UNIX)
            s.setblocking(False)
            asked.append(s)
            try:
                s.connect(str(tmp_path / "recorder.sock"))
            except BlockingIOError:
                break
        done = live("tree", "--json", env=env)
        assert done.code == 0 and LATE in done.sentence(), str(done)
        [s.close() for s in asked]
    finally:
        one.proc.send_signal(signal.SIGCONT)
    assert one.end(signal.SIGTERM).code == 0
