"""The trace for ui.perfetto.dev, read back by protobuf itself.

perfetto.proto has the messages a report uses, with the numbers of Perfetto's own protos; protoc
compiles it here, so that nothing of the program's encoder decides what is right.  Stories give the
events; no root needed.
"""
import importlib.util
import os
import random
import re
import shutil
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
STORIES = os.path.join(HERE, "..", "stories")
PROBATE = os.environ.get("PROBATE", os.path.join(HERE, "..", "..", "build", "probate"))
BEGIN, END, INSTANT = 1, 2, 3
BOOTTIME, REALTIME = 6, 1
S = 10**9
ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")

# What every story begins with, for those made up here.
HEAD = """1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 exit_signal=17 sigchld=handled name="bash"
1s scan_end 0 scope=7 begin=1000000000
"""


@pytest.fixture(scope="session")
def pb(tmp_path_factory):
    """The messages, compiled from perfetto.proto."""
    pytest.importorskip("google.protobuf", reason="python3-protobuf is not installed")
    if not shutil.which("protoc"):
        pytest.skip("protoc (protobuf-compiler) is not installed")
    where = tmp_path_factory.mktemp("perfetto")
    subprocess.run(["protoc", "-I", HERE, f"--python_out={where}", "perfetto.proto"], check=True)
    spec = importlib.util.spec_from_file_location("perfetto_pb2", where / "perfetto_pb2.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["perfetto_pb2"] = module
    spec.loader.exec_module(module)
    return module


class Slice:
    def __init__(self, track, name, begin, facts):
        self.track, self.name, self.begin, self.facts = track, name, begin, facts
        self.end, self.depth = None, 0

    @property
    def length(self):
        return self.end - self.begin


class Trace:
    """A trace, checked as it is read: every rule that holds for any of them."""

    def __init__(self, pb, data):
        self.data = data
        self.message = pb.Trace()
        self.message.ParseFromString(data)
        self.packets = self.message.packet
        self.names, self.parents, self.pids, self.first_names = {}, {}, {}, {}
        self.cmdlines = {}
        self.slices, self.instants, self.clocks = [], [], []
        self.flows = {}  # id: [(track, ts, ends)]
        self._check_bytes(pb)
        self._check_sequences()
        self._read_tracks()
        self._read_events()

    def _check_bytes(self, pb):
        known = pb.Trace()
        known.ParseFromString(self.data)
        known.DiscardUnknownFields()
        assert known.ByteSize() == len(self.data), "fields nobody knows, or numbers written long"
        raw = subprocess.run(["protoc", "--decode_raw"], input=self.data, capture_output=True)
        assert raw.returncode == 0, raw.stderr

    def _check_sequences(self):
        last = {}
        for p in self.packets:
            assert p.HasField("timestamp") and p.timestamp_clock_id == BOOTTIME
            seq = p.trusted_packet_sequence_id
            assert seq
            assert p.timestamp >= last.get(seq, 0), "time goes back in a sequence"
            assert (p.sequence_flags == 1) == (seq not in last), "the first of a sequence says so"
            last[seq] = p.timestamp

    def _read_tracks(self):
        used = set()
        for p in self.packets:
            assert sum(map(p.HasField, ("track_descriptor", "track_event", "clock_snapshot"))) == 1
            if p.HasField("track_event"):
                assert p.track_event.track_uuid in self.names, "a track is used before it is told"
                used.add(p.track_event.track_uuid)
            elif p.HasField("clock_snapshot"):
                self.clocks.append({c.clock_id: c.timestamp for c in p.clock_snapshot.clocks})
                assert p.clock_snapshot.primary_trace_clock == BOOTTIME
            else:
                self._read_track(p.track_descriptor)
        assert set(self.names) - used <= {2}, "a track without anything on it"

    def _read_track(self, d):
        assert d.uuid and d.name
        assert not d.parent_uuid or d.parent_uuid in self.names, "a child before its parent"
        assert self.parents.setdefault(d.uuid, d.parent_uuid) == d.parent_uuid
        self.first_names.setdefault(d.uuid, d.name)
        self.names[d.uuid] = self.safe(d.name)
        if d.HasField("process"):
            pid = d.process.pid
            assert self.pids.setdefault(d.uuid, pid) == pid > 0
            self.cmdlines[d.uuid] = [self.safe(word) for word in d.process.cmdline]
            self.safe(d.process.process_name)

    def _facts(self, e):
        facts = {}
        for a in e.debug_annotations:
            assert a.name not in facts, f"{a.name} twice"
            facts[a.name] = getattr(a, a.WhichOneof("value"))
            if isinstance(facts[a.name], str):
                self.safe(facts[a.name])
        return facts

    def _read_events(self):
        """In the order of time, as a reader sorts them; what is told first stays first."""
        open_slices, done = {}, set()
        for p in sorted((p for p in self.packets if p.HasField("track_event")),
                        key=lambda p: p.timestamp):
            e, facts = p.track_event, self._facts(p.track_event)
            stack = open_slices.setdefault(e.track_uuid, [])
            for flow in list(e.flow_ids) + list(e.terminating_flow_ids):
                self.flows.setdefault(flow, []).append(
                    (e.track_uuid, p.timestamp, flow in e.terminating_flow_ids))
            if e.type == END:
                assert stack, f"an end without a begin on {self.names[e.track_uuid]}"
                s = stack.pop()
                s.end = p.timestamp
                s.facts = {**s.facts, **facts}
                continue
            assert e.name and e.type in (BEGIN, INSTANT)
            if e.type == BEGIN:
                s = Slice(e.track_uuid, self.safe(e.name), p.timestamp, facts)
                s.depth = len(stack)
                stack.append(s)
                self.slices.append(s)
            else:
                self.instants.append((e.track_uuid, self.safe(e.name), p.timestamp, facts))
        left = {self.names[t]: [s.name for s in v] for t, v in open_slices.items() if v}
        assert not left, f"never ended: {left}"
        for flow, ends in self.flows.items():
            assert [end for _, _, end in ends] == [False, True], f"flow {flow}: {ends}"
            assert ends[0][0] != ends[1][0] and ends[0][1] <= ends[1][1]

    @staticmethod
    def safe(text):
        assert not ODD.search(text), repr(text)
        assert len(text) < 9000
        return text

    # ---- to ask it ----

    def on(self, track_name, pid=None):
        """Slices on the tracks that are called so at last."""
        return [s for s in self.slices if self.names[s.track] == track_name
                and (pid is None or self.pids.get(s.track) == pid)]

    def process(self, pid):
        """Slices of a process, by the track that has its pid."""
        return [s for s in self.slices if self.pids.get(s.track) == pid]

    def lanes(self, sock):
        """Slices of the holders of a socket."""
        return [s for s in self.slices if self.names.get(self.parents[s.track]) == sock]

    def told(self, track_name):
        return [(name, ts, facts) for t, name, ts, facts in self.instants
                if self.names[t] == track_name]

    def arrows(self):
        """(track, track, ts) of every flow."""
        return [(self.names[a[0]], self.names[b[0]], b[1]) for a, b in self.flows.values()]


def story_events(name):
    with open(os.path.join(STORIES, name + ".story"), encoding="utf-8") as f:
        return f.read().split("\n=== ")[0] + "\n"


@pytest.fixture
def perfetto(pb, tmp_path):
    """perfetto(events, *words) gives the trace of a report; code: what it must exit with."""
    def run(events, *words, code=(0,)):
        path = tmp_path / "x.perfetto-trace"
        done = subprocess.run([PROBATE, "-r", "-", "report", *words, "--perfetto", "-o", path],
                              input=events.encode(), capture_output=True, timeout=120,
                              env={**os.environ, "TZ": "UTC"})
        err = done.stderr.decode("utf-8", "replace")
        assert done.returncode in code, f"exit {done.returncode}: {err}"
        assert not re.search(r"Sanitizer|runtime error|Assert", err), err
        return Trace(pb, path.read_bytes())

    return run


def stories():
    return sorted(f[:-6] for f in os.listdir(STORIES) if f.endswith(".story"))


# ---- any trace --------------------------------------------------------------------------------

@pytest.mark.parametrize("name", stories())
def test_every_story(perfetto, name):
    t = perfetto(story_events(name), code=(0, 4))
    assert t.slices and t.names[1] == "probate"


@pytest.mark.parametrize("name", stories())
def test_with_events_missing(perfetto, name):
    """Whatever is lost or comes in another order: what is written can be read."""
    lines = story_events(name).split("\n")
    for seed in range(4):
        dice = random.Random(f"{name} {seed}")
        some = [line for line in lines if dice.random() > 0.15]
        if seed % 2:
            at = dice.randrange(1, len(some))
            some[at - 1], some[at] = some[at], some[at - 1]
        perfetto("\n".join(some) + "\n", code=(0, 4))


def test_same_bytes_again(perfetto):
    events = story_events("leaked")
    assert perfetto(events).data == perfetto(events).data


# ---- what is in it ----------------------------------------------------------------------------

def test_leaked(perfetto):
    t = perfetto(story_events("leaked"))
    images = [(s.name, s.begin, s.end) for s in t.process(200)]
    assert images[-2:] == [("server", 2 * S, 7 * S), ("zombie", 7 * S, 8 * S)]
    zombie = t.process(200)[-1]
    assert zombie.facts["parent"] == zombie.facts["reaped_by"] == "bash[100]"
    assert zombie.facts["reason"] == "parent_not_waiting"
    assert [(s.name, s.begin, s.end) for s in t.process(300)] == [
        ("server", 5 * S, 6 * S), ("sleep", 6 * S, 10 * S)]
    assert t.process(300)[1].facts["exe"] == "/usr/bin/sleep"
    uuid = t.process(300)[0].track
    assert t.names[uuid] == "sleep[300]" and t.cmdlines[uuid] == ["sleep", "1000"]
    assert ("killed by SIGKILL from bash[100]", 7 * S, {}) in t.told("server[200]")


def test_leaked_socket(perfetto):
    t = perfetto(story_events("leaked"))
    sock = "tcp 0.0.0.0:8801"
    [row] = t.on(sock)
    assert (row.begin, row.end) == (3 * S, 10 * S)
    assert row.facts["inode"] == 7001 and row.facts["cookie"] == 11
    assert row.facts["netns"] == 4026531840 and row.facts["creator"] == "server[200]"
    assert row.facts["verdict"] == "leaked" and row.facts["certain"] is True
    assert t.names[t.parents[row.track]] == "sockets"
    assert [(s.name, s.begin, s.end) for s in t.lanes(sock)] == [
        ("held by server[200], fd 3", 3 * S, 7 * S),
        ("held by server[300] via fork, fd 3", 5 * S, 6 * S),
        ("held by sleep[300] via fork, fd 3", 6 * S, 10 * S)]
    assert t.lanes(sock)[2].facts["kept_over_exec"] is True
    assert t.lanes(sock)[2].facts["cloexec"] is False
    assert t.arrows() == [("server[200]", "sleep[300]", 5 * S), ("server[200]", "sleep[300]", 7 * S)]
    leaks = [i for i in t.told(sock) if i[0].startswith("leaked")]
    assert [(n, ts) for n, ts, _ in leaks] == [("leaked: kept by sleep[300], fd 3", 7 * S)]
    assert leaks[0][2]["verdict"] == "leaked" and "Kill sleep[300]" in leaks[0][2]["action"]


def test_wall_clock(perfetto):
    t = perfetto(story_events("leaked"))
    assert {c[REALTIME] - c[BOOTTIME] for c in t.clocks} == {1795262400 * S}


def test_passed(perfetto):
    t = perfetto(story_events("passed"))
    assert [(s.name, s.begin, s.end) for s in t.lanes("tcp 0.0.0.0:8801")] == [
        ("held by server[200], fd 3", 3 * S, 6 * S),
        ("held by server2[400] via scm_rights, fd 9", 5 * S, 6 * S)]
    assert t.arrows() == [("server[200]", "server2[400]", 5 * S),
                          ("server[200]", "server2[400]", 6 * S)]


def test_zombies(perfetto):
    t = perfetto(story_events("zombies"))
    zombies = [s for s in t.slices if s.name == "zombie"]
    assert {t.pids[s.track]: s.length for s in zombies} == {
        pid: 180 * S for pid in (301, 302, 303, 304, 305, 310)}
    for s in zombies:
        assert s.facts["reason"] == "parent_not_waiting" and s.facts["parent"] == "server[200]"
        assert s.facts["reaped"] is False
    assert any(name.startswith("headless") for name, _, _ in t.told("worker[330]"))


def test_lost(perfetto):
    t = perfetto(story_events("lost"), code=(4,))
    assert [s.name for s in t.on("probate")] == ["incomplete: events were lost"]
    said = {name: facts for name, _, facts in t.told("probate")}
    assert said["17 events were lost"] == {"count": 17}
    assert said["events were lost, and no scan has made up for it"] == {"count": 17}


def test_hostile_names(perfetto):
    """Trace.safe() looks at every string; here that what is hostile gets there at all."""
    t = perfetto(story_events("hostile"))
    everything = " ".join(list(t.names.values()) + [s.name for s in t.slices])
    assert "\\x1b" in everything


def test_long_and_broken_strings(perfetto):
    arg = "\\xff\\xfe" * 200
    t = perfetto(HEAD + f"""2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="a\\xffb\\x1b[2J" exe="/x" args=["x","{arg}"]
""")
    [image] = [s for s in t.process(200) if s.facts.get("exe") == "/x"]
    assert image.name == "a\\xffb\\x1b[2J"
    assert len(image.facts["command"]) <= 1000


def test_a_pid_again(perfetto):
    """A pid that is used again has a track of its own for each life."""
    t = perfetto(HEAD + """2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 exit_signal=17
3s exit 200 start=2000000000 files=0x200 parent=100 code=0
3s wait 100 nr=200
4s fork 100 start=4000000000 files=0x300 parent_files=0x100 child=200 parent=100 exit_signal=17
5s fork 100 start=5000000000 files=0x400 parent_files=0x100 child=200 parent=100 exit_signal=17
6s tick 0
""")
    tracks = [u for u, pid in t.pids.items() if pid == 200]
    assert len(tracks) == 3
    lives = [[(s.name, s.begin, s.end) for s in t.slices if s.track == u] for u in tracks]
    assert lives[0] == [("bash", 2 * S, 3 * S), ("zombie", 3 * S, 3 * S)]
    assert lives[1][0] == ("bash", 4 * S, 5 * S)
    assert lives[2] == [("bash", 5 * S, 6 * S)]


def test_reaped_unseen(perfetto):
    """When it was reaped is found out later, and the slice still ends then."""
    t = perfetto(HEAD + """2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 exit_signal=17
3s exit 200 start=2000000000 files=0x200 parent=100 code=0
3020ms free 200 start=2000000000
4s tick 0
5s tick 0
""")
    [zombie] = [s for s in t.process(200) if s.name == "zombie"]
    assert zombie.length == 20_000_000
    assert "nobody" in zombie.facts["reaped_by"]


def test_in_the_way(perfetto):
    t = perfetto(story_events("leaked").replace("10s tick 0\n", """9s fork 100 start=9000000000 files=0x500 parent_files=0x100 child=500 parent=100
9s socket 500 inode=7009 cookie=19 netns=4026531840 proto=tcp state=CLOSE files=0x500 fd=3
9s bind 500 inode=7009 cookie=19 netns=4026531840 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3 error=EADDRINUSE
10s tick 0
"""))
    assert ["bind tcp 0.0.0.0:8801 fd 3 failed: EADDRINUSE, held by sleep[300]"] == [
        name for name, _, _ in t.told("bash[500]")]


def test_kernel_threads_are_left_out(perfetto):
    t = perfetto(HEAD.replace("1s scan_end", """1s scan_task 2 start=1000000 files=0x2 flags=0x8 name="kthreadd"
1s scan_task 30 start=1000000 files=0x3 parent=2 flags=0x8 name="kworker/0:1"
1s scan_end""") + """2s fork 2 start=2000000000 files=0x200 parent_files=0x2 child=200 parent=2
3s tick 0
""")
    assert set(t.pids.values()) == {1, 100}


def test_only_what_is_asked_for(perfetto):
    events = story_events("leaked").replace("7s signal", """6s fork 100 start=6000000000 files=0x600 parent_files=0x100 child=600 parent=100
6s socket 600 inode=7006 cookie=16 netns=4026531840 proto=tcp state=CLOSE files=0x600 fd=3
6s bind 600 inode=7006 cookie=16 netns=4026531840 proto=tcp local=0.0.0.0:9900 state=CLOSE fd=3
7s signal""", 1)
    for words in (["port", "8801"], ["8801"], ["pid", "300"]):
        t = perfetto(events, *words)
        assert set(t.pids.values()) == {200, 300}
        assert [s.name for s in t.slices if s.name.startswith("tcp")] == ["tcp 0.0.0.0:8801"]
        assert len(t.lanes("tcp 0.0.0.0:8801")) == 3 and len(t.flows) == 2
    assert set(perfetto(events, "pid", "600").pids.values()) == {600}


def test_found_dead_before_it_is_read(perfetto):
    """What came before the scan is read after it: no time goes back."""
    t = perfetto(HEAD + """9s fork 100 start=9000000000 files=0x200 parent_files=0x100 child=200 parent=100 exit_signal=17
5s fork 100 start=5000000000 files=0x300 parent_files=0x100 child=300 parent=100 exit_signal=17
6s exit 300 start=5000000000 files=0x300 parent=100 code=0
7s wait 100 nr=300
""")
    assert [(s.name, s.begin, s.end) for s in t.process(300)] == [
        ("bash", 9 * S, 9 * S), ("zombie", 9 * S, 9 * S)]


def test_room_is_bounded(perfetto):
    """More than there is room for is counted, and said."""
    crowd = "".join(f"2s fork 100 start={2000000000 + n} files={0x10000 + n:#x} "
                    f"parent_files=0x100 child={1000 + n} parent=100\n" for n in range(20100))
    t = perfetto(HEAD + crowd + "3s tick 0\n")
    assert len(t.pids) == 20000
    [facts] = [f for name, _, f in t.told("probate") if name.startswith("left out")]
    assert facts == {"processes": 102, "sockets": 0, "holds": 0}


def test_connections_leave_room(perfetto):
    """However many connections there are, half of the tracks is for other things."""
    crowd = "".join(f"2s connect 100 inode={9000 + n} cookie={9000 + n} netns=1 proto=tcp fd={n} "
                    f"local=10.0.0.1:{1024 + n} remote=10.0.0.2:80 state=ESTABLISHED\n"
                    for n in range(10100))
    t = perfetto(HEAD + crowd + """3s fork 100 start=3000000000 files=0x200 parent_files=0x100 child=200 parent=100
3s socket 200 inode=7001 cookie=11 netns=1 proto=tcp state=CLOSE files=0x200 fd=3
3s bind 200 inode=7001 cookie=11 netns=1 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3
4s tick 0
""")
    assert len(t.lanes("tcp 0.0.0.0:8801")) == 1
    assert len(t.names) < 10010


# ---- Perfetto itself --------------------------------------------------------------------------

def test_trace_processor(perfetto, tmp_path):
    shell = shutil.which("trace_processor_shell") or shutil.which("trace_processor")
    if not shell:
        pytest.skip("Perfetto's trace_processor is not installed (no Debian or npm package has it)")
    path, query = tmp_path / "leaked.perfetto-trace", tmp_path / "query.sql"
    path.write_bytes(perfetto(story_events("leaked")).data)
    query.write_text("select dur from slice where name = 'zombie';"
                     "select count(*) from flow;"
                     "select name, value from stats where severity = 'error' and value > 0;")
    done = subprocess.run([shell, "-q", query, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^\d+$", done.stdout, re.M) == ["1000000000", "2"], done.stdout
