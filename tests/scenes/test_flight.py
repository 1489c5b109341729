"""A listener on its way through UNIX queues: it is there until the last message and descriptor is gone.

Its maker sends it and closes it at once, as hand-overs do; the receiver takes it step by step.  In
between no descriptor shows it, and yet nobody else gets its port.
"""
import pytest

from conftest import end_all
from test_scans import Actor
from truth import fold_ports

# sys.argv[1]: peek, twice, mmsg or once.  A line is read for each step, and one is told after it.
SCRIPT = r"""
import array, ctypes, json, os, signal, socket, sys

class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]
class Msg(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32),
                ("iov", ctypes.POINTER(Iovec)), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_char_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]
class Mmsg(ctypes.Structure):
    _fields_ = [("msg", Msg), ("len", ctypes.c_uint)]

def rights(fd):
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]

def send_two_at_once(over, fd):
    ctl = (ctypes.c_size_t(20), ctypes.c_int(socket.SOL_SOCKET), ctypes.c_int(socket.SCM_RIGHTS),
           ctypes.c_int(fd), ctypes.c_int(0))
    control = b"".join(map(bytes, ctl))
    one = Msg(None, 0, ctypes.pointer(Iovec(b"x", 1)), 1, control, len(control), 0)
    two = (Mmsg * 2)(Mmsg(one, 0), Mmsg(one, 0))
    assert ctypes.CDLL(None, use_errno=True).sendmmsg(over, two, 2, 0) == 2, ctypes.get_errno()

def receive(over, flags=0):
    _, ctl, _, _ = over.recvmsg(1, socket.CMSG_SPACE(4), flags)
    return array.array("i", ctl[0][2])[0]

def tell(**facts):
    print(json.dumps(facts), flush=True)

how = sys.argv[1]
mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
back, tube = os.pipe()
maker = os.fork()
if not maker:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    mine.close()
    t = socket.socket()
    t.bind(("127.0.0.1", 0))
    t.listen(1)
    if how == "mmsg":
        send_two_at_once(theirs.fileno(), t.fileno())
    for _ in range({"mmsg": 0, "twice": 2}.get(how, 1)):
        theirs.sendmsg([b"x"], rights(t.fileno()))
    facts = {"port": t.getsockname()[1], "inode": os.fstat(t.fileno()).st_ino, "maker": os.getpid()}
    t.close()
    os.write(tube, json.dumps(facts).encode())
    signal.pause()
try:
    theirs.close()
    tell(**json.loads(os.read(back, 4096)))
    sys.stdin.readline()
    if how != "once":
        os.close(receive(mine, socket.MSG_PEEK if how == "peek" else 0))
        tell()
        sys.stdin.readline()
    fd = receive(mine)
    tell()
    sys.stdin.readline()
    os.close(fd)
    tell()
    sys.stdin.read()
finally:
    os.kill(maker, signal.SIGKILL)
    os.waitpid(maker, 0)
"""


class Flight(Actor):
    def __init__(self, how):
        super().__init__(SCRIPT, how)
        self.inode, self.port = self.facts["inode"], self.facts["port"]

    def step(self):
        said = len(self.out.lines)
        self.proc.stdin.write("\n")
        self.proc.stdin.flush()
        assert self.out.wait(lambda lines: len(lines) > said) and len(self.out.lines) > said

    def of(self, sockets):
        return next((s for s in sockets if s["inode"] == self.inode), None)

    def flies(self, sockets):
        s = self.of(sockets)
        return s and not s["holders"] and s["verdict"] == "hidden" and s["hidden"]["where"] == "in_flight"

    def held(self, sockets):
        s = self.of(sockets)
        return s and [h["pid"] for h in s["holders"]] == [self.proc.pid]


@pytest.fixture
def flight(probate):
    started = []

    def start(how):
        started.append(Flight(how))
        return started[-1]

    yield start
    end_all(started)


WAYS = ["once", "peek", "twice", "mmsg"]


def test_late(probate, flight):
    """Whoever is asked only now says it at once, and that the port is taken as long as it is."""
    flights = [flight(how) for how in WAYS]
    for stage in range(3):
        said = probate("ports", "--json").objects
        for how, f in zip(WAYS, flights):
            holds = f.held if stage == 1 + (how != "once") else f.flies
            if how == "once" and stage > 1:
                continue
            assert holds(said), (how, stage)
            one = probate("port", "--json", f.port, codes=(0,)).one()
            assert one["held"] and holds(one["sockets"]), (how, stage)
            f.step()
    said = probate("ports", "--json").objects
    for how, f in zip(WAYS, flights):
        assert not f.of(said)
        assert not probate("port", "--json", f.port, codes=(1,)).one()["held"]


def test_live(flight, watch):
    """With and without descriptor events: never told gone in between, and at each moment so."""
    watches = {mode: watch("--fd=" + mode, "ports", "-w", "--json") for mode in ("full", "lean")}
    flights = {how: flight(how) for how in WAYS}

    def are_told(wants):
        for mode, w in watches.items():
            def told(objects):
                return all(is_so(fold_ports(objects)[0]) for is_so in wants)
            assert w.poll(told), (mode, [f.of(fold_ports(w.objects)[0]) for f in flights.values()])
            assert not {f.inode for f in flights.values()} & fold_ports(w.objects)[1], mode
            w.moment(lambda objects: bool(told(objects)))

    are_told([f.flies for f in flights.values()])
    for how, f in flights.items():
        if how != "once":
            f.step()
    are_told([f.flies for f in flights.values()])
    for f in flights.values():
        f.step()
    are_told([f.held for f in flights.values()])
    for f in flights.values():
        held = f.of(fold_ports(watches["full"].objects)[0])
        assert held["verdict"] == "passed" and held["creator"]["pid"] == f.facts["maker"]
        f.step()
    for mode, w in watches.items():
        assert w.poll(lambda objects: {f.inode for f in flights.values()} <= fold_ports(objects)[1]), mode


def test_transfer(flight, watch):
    """Its maker let go while it was on its way: told when it is taken, and the end after that."""
    w = watch("--fd=full", "trace", "--json", "--event=transfer,leak,destroy")
    flights = [flight("once"), flight("twice")]
    for how, f in zip(("once", "twice"), flights):
        for _ in range(2 + (how != "once")):
            f.step()
    for f in flights:
        w.wait_for(lambda o, f=f: o["event"] == "destroy" and o["inode"] == f.inode)
        told = [o for o in w.objects
                if o.get("inode") == f.inode and o["event"] in ("transfer", "leak", "destroy")]
        assert [o["event"] for o in told] == ["transfer", "destroy"]
        assert (told[0]["from"], told[0]["to"]) == (f.facts["maker"], f.proc.pid)
