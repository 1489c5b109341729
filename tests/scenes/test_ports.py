"""Who holds a port, and why: every scene live (watched from before) and late (scanned after)."""
import os
import socket

import pytest

from truth import find, fold_ports, key_of, port_of, socket_errors, told

# What is to be said about every socket of a scene.
#   verdict   live; several allowed as a tuple, one for each socket as a list
#   late      without history; "held" where not given
#   via       how those who did not make it came to it; "fork" where not given
#   killed    False: the dead maker exited by itself
#   query     True: only `port` tells of them (connections, what the kernel finishes)
SCENES = {
    "listener": dict(verdict="owned"),
    "fork-alive": dict(verdict="shared"),
    "fork-exec-dead": dict(verdict="leaked"),
    "udp-dead": dict(verdict="leaked"),
    "unix-dead": dict(verdict="leaked"),
    "v6-dual": dict(verdict="owned"),
    "prefork": dict(verdict="shared"),
    "daemonize": dict(verdict="owned"),
    "dup": dict(verdict="owned"),
    "close-range": dict(verdict=["shared", "owned"]),
    "clone-files": dict(verdict="shared"),
    "headless": dict(verdict="owned"),
    "closed-waited": dict(verdict="hidden", late="hidden", certain=(True, False)),
    "thread-files": dict(verdict="owned"),
    "leader-unshares": dict(verdict="owned"),
    "private-shared": dict(verdict="owned"),
    "exec-in-thread": dict(verdict="owned"),
    "scm": dict(verdict="passed", via="scm_rights"),
    "pidfd-getfd": dict(verdict="passed", via="pidfd_getfd"),
    "bound-only": dict(verdict="owned"),
    "bound-in-flight": dict(verdict="hidden", late="hidden", certain=(True, False)),
    "on-demand": dict(verdict="owned"),
    "netns": dict(verdict="owned"),
    "pid-reuse": dict(verdict="leaked"),
    "stopped-holder": dict(verdict="leaked"),
    "vfork-spawn": dict(verdict="shared"),
    "reuseport": dict(verdict=["owned", "leaked"]),
    "fork-per-conn": dict(verdict=["owned", "inherited", "inherited"], query=True),
    "conn-inherited": dict(verdict=["owned", ("leaked", "inherited")], query=True),
    "connected-port": dict(verdict="owned", query=True),
    "self-connect": dict(verdict="owned", query=True),
    "close-wait": dict(verdict="owned", query=True),
    "kernel-socket": dict(verdict="kernel", late="kernel", certain=(True, False),
                          late_certain=(True, False)),
}

# Beyond what the base hooks promise, or not yet decided; kept apart so that they can be left out.
BEYOND = {
    "scm-in-flight": dict(verdict="hidden", late="hidden", certain=(True, False)),
    "kernel-socket-netns": dict(verdict="kernel", late="kernel", certain=(True, False),
                                late_certain=(True, False)),
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Stage:
    """One scene and one way to ask about it."""

    def __init__(self, mode, probate, scene, watch):
        self.live = mode == "live"
        self.probate, self.scene_start, self.watch_start = probate, scene, watch
        self.scene = self.watcher = None
        self.want = {}

    def play(self, name, want=None, **more):
        self.want = dict(want or SCENES.get(name) or BEYOND[name], **more)
        args = []
        if self.want.get("query"):
            port = free_port()
            args = ["--port", str(port)]
        if self.live and self.want.get("query"):
            self.watcher = self.watch_start("port", "-w", "--json", port)
        elif self.live:
            self.watcher = self.watch_start("ports", "-w", "--json")
        self.scene = self.scene_start(name, *args)
        return self.scene

    def ask(self, objects=None):
        """The sockets an answer tells of now, and the inodes it told to be gone."""
        if not self.live:
            command = ["port", "--json", self.scene["port"]] if self.want.get("query") \
                else ["ports", "--json"]
            got = self.probate(*command).objects
        else:
            got = objects if objects is not None else self.watcher.objects
        if self.want.get("query"):
            return (got[-1]["sockets"] if got else []), set()
        return (got, set()) if not self.live else fold_ports(got)

    def errors(self, objects=None):
        sockets, gone = self.ask(objects)
        errors, verdicts = [], self.want["verdict"]
        for i, truth in enumerate(self.truths()):
            want = dict(self.want, verdict=verdicts[i] if isinstance(verdicts, list) else verdicts)
            errors += socket_errors(truth, sockets, self.live, want, self.scene["director"])
        for truth in self.scene["gone"]:
            if find(truth, sockets):
                errors.append(f"{truth['local']} inode {truth['inode']} is still in the answer")
        return errors

    def truths(self):
        if self.want.get("query"):
            return [s for s in self.scene["sockets"] if s["port"] == self.scene["port"]]
        return self.scene["sockets"]

    def check(self):
        """Live, the answer has a moment to come; a one-shot must be right at once."""
        if self.live:
            self.watcher.poll(lambda objects: not self.errors(objects))
        errors = self.errors()
        if errors:
            pytest.fail(told(errors))
        if self.live:
            truths = list(self.truths())
            self.watcher.moment(lambda objects: [find(t, self.ask(objects)[0]) for t in truths])

    def sockets(self):
        """The answers about the scene's sockets, in its order."""
        sockets, _ = self.ask()
        return [find(truth, sockets) for truth in self.truths()]

    def holder_state(self, state):
        """The first holder of the first socket comes to be said in this state."""
        def said(_=None):
            socket = self.sockets()[0]
            return socket and [h["state"] for h in socket["holders"]][:1] == [state]
        if self.live:
            self.watcher.poll(said)
        assert said(), f"not said to be {state}: {self.sockets()[0]}"

    def gone(self, truth):
        if self.live:
            self.watcher.poll(lambda o: truth["inode"] in fold_ports(o)[1])
            assert truth["inode"] in self.ask()[1], f"inode {truth['inode']} was not told gone"
        else:
            assert not find(truth, self.ask()[0])


@pytest.fixture(params=["live", "late"])
def stage(request, probate, scene, watch):
    return Stage(request.param, probate, scene, watch)


# ---- every scene: address, holders, descriptors, maker, verdict -------------------------------

@pytest.mark.parametrize("name", SCENES)
def test_scene(stage, name):
    stage.play(name)
    stage.check()


@pytest.mark.beyond
@pytest.mark.parametrize("name", BEYOND)
def test_beyond(stage, name):
    stage.play(name)
    stage.check()


# ---- what single scenes must say besides ------------------------------------------------------

def test_leak_is_explained(stage):
    """fork-exec-dead: the maker's death, the way of the descriptor, then the port is free."""
    s = stage.play("fork-exec-dead")
    stage.check()
    got, holder = stage.sockets()[0], s.socket()["holders"][0]
    said = got["holders"][0]
    assert said["comm"] == "cat" and said["exe"] == "/usr/bin/cat" and said["args"] == ["cat"]
    assert said["state"] == "running" and said["nspid"] == [holder["pid"]]
    assert said["fds"] == [{"fd": holder["fds"][0], "cloexec": False}]
    if stage.live:
        maker = s.socket()["creator"]["pid"]
        steps = [(c["pid"], c["step"]) for c in said["chain"]]
        assert steps == [(maker, "created"), (holder["pid"], "fork"), (holder["pid"], "exec")]
        assert said["chain"][-1]["kept"] is True and said["used"] is False
        assert got["creator"]["comm"] == "scene" and got["opened"] and said["since"]
    answer = stage.probate("port", "--json", s["port"])
    assert answer.code == 0 and answer.one()["held"] is True
    s.step()
    stage.gone(s["gone"][0])
    answer = stage.probate("port", "--json", s["port"])
    assert answer.code == 1 and answer.one()["held"] is False and answer.one()["sockets"] == []


def test_leaked_only(probate, scene, watch):
    """`ports --leaked` live shows the leak and not the well-held listener."""
    w = watch("ports", "--leaked", "-w", "--json")
    well, lost = scene("listener"), scene("fork-exec-dead")
    inode = lost.socket()["inode"]
    w.wait_for(lambda o: o.get("inode") == inode and o.get("verdict") == "leaked", what="the leak")
    w.settle()
    assert not [o for o in w.objects if o.get("inode") == well.socket()["inode"]]


def test_cloexec_frees_the_port(stage):
    """fork-exec-cloexec: nothing is left once the maker is dead."""
    s = stage.play("fork-exec-cloexec", dict(verdict="owned"))
    stage.gone(s["gone"][0])
    answer = stage.probate("port", "--json", s["port"])
    assert answer.code == 1 and answer.one()["held"] is False


@pytest.mark.parametrize("form", ["{}", "tcp/{}", "0.0.0.0:{}", "[::]:{}"])
def test_dual_stack_answers(probate, scene, form):
    """v6-dual: [::]:P is what occupies 0.0.0.0:P."""
    s = scene("v6-dual")
    query = form.format(s["port"])
    answer = probate("port", "--json", query)
    got = answer.one()
    assert answer.code == 0 and got["query"] == query and got["held"] is True
    assert find(s.socket(), got["sockets"])


def test_query_by_protocol(probate, scene):
    """udp-dead: the port is taken for UDP and free for TCP, but for who else may have it there."""
    s = scene("udp-dead")
    udp, tcp = (probate("port", "--json", f"{proto}/{s['port']}") for proto in ("udp", "tcp"))
    assert udp.code == 0 and find(s.socket(), udp.one()["sockets"])
    others = tcp.one()["sockets"]
    assert tcp.code == (0 if others else 1) and all(o["proto"] == "tcp" for o in others)


def test_prefork_outlives_parent(stage):
    """prefork: shared while the parent lives, inherited by the workers after it."""
    s = stage.play("prefork")
    stage.check()
    s.step()
    stage.want["verdict"] = "inherited"
    stage.check()
    if stage.live:
        used = [h["pid"] for h in stage.sockets()[0]["holders"] if h["used"]]
        assert s["accepted_by"] in used


def test_shared_table_closes_for_both(stage):
    """clone-files: one close and the socket is gone for both."""
    s = stage.play("clone-files")
    stage.check()
    s.step()
    stage.gone(s["gone"][0])


def test_overwritten_is_gone(probate, scene, watch):
    """dup: the listener that dup2 overwrote is told and told gone."""
    w = watch("ports", "-w", "--json")
    s = scene("dup")
    inode = s["gone"][0]["inode"]
    w.wait_for(lambda o: o.get("inode") == inode and not o.get("gone"), what="the overwritten one")
    w.wait_for(lambda o: o.get("inode") == inode and o.get("gone"), what="its end")


def test_headless_is_said(stage):
    """headless: the holder's state; no other tool finds one at all."""
    stage.play("headless")
    stage.check()
    stage.holder_state("headless")


@pytest.mark.beyond
def test_stopped_is_said(stage):
    """stopped-holder: that the holder is stopped stands in the answer."""
    stage.play("stopped-holder")
    stage.check()
    stage.holder_state("stopped")


def test_pid_reuse_keeps_the_dead(stage):
    """pid-reuse: the maker is the dead one, not the stranger that has its pid now."""
    s = stage.play("pid-reuse")
    stage.check()
    stranger = stage.probate("pid", "--json", s["stranger"]).one()
    assert stranger["comm"] == "cat" and stranger["exit"] is None
    if stage.live:
        creator = stage.sockets()[0]["creator"]
        assert creator["comm"] == "scene" and creator["start"] != stranger["start"]


@pytest.mark.parametrize("name", ["scm", "pidfd-getfd"])
def test_chain_names_the_giver(probate, scene, watch, name):
    """scm, pidfd-getfd: the way leads back to the process that had it first."""
    stage = Stage("live", probate, scene, watch)
    s = stage.play(name)
    stage.check()
    chain = stage.sockets()[0]["holders"][0]["chain"]
    assert chain[0]["pid"] == s.socket()["creator"]["pid"] and chain[0]["step"] == "created"
    assert chain[-1]["pid"] == s.socket()["holders"][0]["pid"]
    assert chain[-1]["step"] == SCENES[name]["via"]


def keepers(stage, want):
    """Who is said to keep each socket of the scene, live as soon as that was looked for."""
    def said(_=None):
        got = [socket and socket["hidden"] for socket in stage.sockets()]
        return [h and (h["where"], h["pid"], h["tid"], h["call"]) for h in got]
    if stage.live:
        stage.watcher.poll(lambda _: said() == want)
    assert said() == want
    return stage.sockets()


def all_end(stage, scene):
    """It is known who made and closed them, and none is told gone before its end is."""
    truths = list(stage.truths())
    if stage.live:
        for got in stage.sockets():
            assert got["creator"]["pid"] == scene["pid"]
            assert f"[{scene['pid']}] closed" in got["why"]
        assert not {t["inode"] for t in truths} & fold_ports(stage.watcher.objects)[1]
    scene.step()
    for truth in truths:
        stage.gone(truth)


def test_what_sleepers_keep_is_not_gone(stage):
    """closed-waited: each by a thread in a call, and both are named."""
    s = stage.play("closed-waited")
    stage.check()
    said = keepers(stage, [("call", s["pid"], tid, call)
                           for tid, call in zip(s["tids"], s["calls"].split())])
    assert f"thread {s['tids'][0]} of scene[{s['pid']}] sleeps in accept() on it" in said[0]["why"]
    about = stage.probate("pid", "--json", s["pid"]).one()
    assert {(k["tid"], k["call"]) for k in about["kept"]} == set(zip(s["tids"], s["calls"].split()))
    all_end(stage, s)


def test_what_an_io_uring_keeps_is_not_gone(stage):
    """closed-uring: a request under way, and a registered file."""
    s = stage.play("closed-uring", dict(verdict="hidden", late="hidden", certain=(True, False)))
    if not s["can"]:
        pytest.skip("this kernel has no io_uring, or lets nobody use it")
    stage.check()
    request, fixed = keepers(stage, [("io_uring", s["pid"], None, None)] * 2)
    assert f"an io_uring of scene[{s['pid']}] has a request under way on it" in request["why"]
    assert f"an io_uring of scene[{s['pid']}] has it registered" in fixed["why"]
    all_end(stage, s)


@pytest.mark.beyond
def test_in_flight_names_the_queue(stage):
    """scm-in-flight: in whose queue the listener waits."""
    s = stage.play("scm-in-flight")
    stage.check()
    hidden = stage.sockets()[0]["hidden"]
    assert hidden["where"] == "in_flight" and hidden["pid"] == s["receiver"]
    assert hidden["queue"]["inode"] == s["queue_inode"]


def test_time_wait(stage):
    """time-wait: nobody holds it, the kernel finishes the close."""
    s = stage.play("time-wait", dict(query=True))

    def errors(objects=None):
        sockets = [x for x in stage.ask(objects)[0] if x["state"] == "TIME_WAIT"]
        if len(sockets) != 1:
            return [f"{len(sockets)} sockets in TIME_WAIT"]
        got = sockets[0]
        return [] if (got["verdict"], got["holders"], got["local"]) == (
            "orphaned", [], s.socket()["local"]) else [str(got)]

    if stage.live:
        stage.watcher.poll(lambda o: not errors(o))
    assert not errors()
    got = [x for x in stage.ask()[0] if x["state"] == "TIME_WAIT"][0]
    assert "SO_REUSEADDR" in got["action"] + got["why"]


def test_kernel_advises_no_kill(stage):
    """kernel-socket: there is nobody to kill."""
    stage.play("kernel-socket")
    stage.check()
    assert stage.sockets()[0]["holders"] == []


def test_close_wait_count(stage):
    """close-wait: all of them, and all belong to the owner."""
    s = stage.play("close-wait")
    stage.check()
    sockets, _ = stage.ask()
    assert sum(x["state"] == "CLOSE_WAIT" for x in sockets) == s["count"]


def test_two_namespaces_are_told_apart(probate, scene):
    """netns: one question, two sockets."""
    s = scene("netns")
    sockets = probate("port", "--json", s["port"]).one()["sockets"]
    assert {x["netns"] for x in sockets} == {x["netns"] for x in s["sockets"]}


# ---- the events behind the answers ------------------------------------------------------------

def about(inode):
    return lambda o: o.get("inode") == inode


def test_trace_tells_the_leak(probate, scene, watch):
    """fork-exec-dead: the whole story as events, in order, then transfer and leak."""
    w = watch("trace", "--json")
    s = scene("fork-exec-dead")
    truth = s.socket()
    maker, cat, inode = truth["creator"]["pid"], truth["holders"][0]["pid"], truth["inode"]
    w.wait_for(lambda o: o["event"] == "leak" and o["inode"] == inode and o["holder"] == cat,
               what="the leak")
    w.wait_for(lambda o: o["event"] == "transfer" and o["inode"] == inode and o["from"] == maker
               and o["to"] == cat, what="the transfer")
    w.wait_for(lambda o: o["event"] == "reap" and o["child"] == maker, what="the reap")
    events = w.objects
    story = [
        lambda o: o["event"] == "fork" and o["child"] == maker,
        lambda o: o["event"] == "listen" and o["inode"] == inode and o["pid"] == maker
        and o["fd"] == truth["holders"][0]["fds"][0],
        lambda o: o["event"] == "fork" and o["pid"] == maker and o["child"] == cat,
        lambda o: o["event"] == "exec" and o["pid"] == cat and o["args"] == ["cat"],
        lambda o: o["event"] == "signal" and o["target"] == maker and o["signal_name"] == "SIGKILL"
        and o["pid"] == s["director"],
        lambda o: o["event"] == "exit" and o["pid"] == maker and o["signal"] == 9
        and o["code"] is None and o["by"]["pid"] == s["director"],
    ]
    at = -1
    for n, step in enumerate(story):
        at = next((i for i, o in enumerate(events) if i > at and step(o)), None)
        assert at is not None, f"step {n} of the story is missing or out of order"


@pytest.mark.parametrize("name", ["fork-per-conn", "conn-inherited"])
def test_trace_tells_transfers(probate, scene, watch, name):
    """A connection goes over from the server to its child when the server closes it."""
    w = watch("trace", "--json")
    s = scene(name)
    server = s.socket()["holders"][0]["pid"]
    for conn in s["sockets"][1:]:
        child = conn["holders"][0]["pid"]
        got = w.wait_for(lambda o: o["event"] == "transfer" and o["inode"] == conn["inode"],
                         what=f"transfer of {conn['local']} - {conn['remote']}")
        assert (got["from"], got["to"], got["local"]) == (server, child, conn["local"])
        accept = w.wait_for(lambda o: o["event"] == "accept" and o["inode"] == conn["inode"])
        assert (accept["pid"], accept["remote"]) == (server, conn["remote"])


def test_trace_tells_descriptors(probate, scene, watch):
    """dup and close-range: copies, closes and close-on-exec as they happen."""
    w = watch("trace", "--json")
    s = scene("dup")
    pid, inode = s.socket()["holders"][0]["pid"], s.socket()["inode"]
    for fd in s.socket()["holders"][0]["fds"]:
        w.wait_for(lambda o: o["event"] == "install" and o["pid"] == pid and o["fd"] == fd
                   and o["inode"] == inode and o["via"] == "dup", what=f"install of {fd}")
    w.wait_for(lambda o: o["event"] == "close" and o["pid"] == pid and o["inode"] == inode,
               what="the close")


def test_trace_tells_the_pass(probate, scene, watch):
    """scm: sent by one, installed in the other."""
    w = watch("trace", "--json")
    s = scene("scm")
    truth = s.socket()
    holder = truth["holders"][0]
    w.wait_for(lambda o: o["event"] == "pass" and o["inode"] == truth["inode"]
               and o["pid"] == truth["creator"]["pid"], what="the pass")
    w.wait_for(lambda o: o["event"] == "install" and o["inode"] == truth["inode"]
               and (o["pid"], o["fd"], o["via"]) == (holder["pid"], holder["fds"][0], "scm_rights"),
               what="the install")


def test_trace_tells_failed_bind(probate, scene, watch):
    """A second bind to a held port fails, and the event says why."""
    w = watch("trace", "--json")
    s = scene("listener")
    with socket.socket() as second:
        with pytest.raises(OSError):
            second.bind(("127.0.0.1", s["port"]))
        w.wait_for(lambda o: o["event"] == "bind" and o["pid"] == os.getpid()
                   and o["error"] == "EADDRINUSE" and port_of(o["local"]) == s["port"],
                   what="the failed bind")


# ---- the contract -----------------------------------------------------------------------------

SOCKET_KEYS = {"proto", "family", "local", "remote", "state", "inode", "cookie", "netns", "uid",
               "cgroup", "opened", "creator", "holders", "hidden", "verdict", "certain", "why",
               "action"}
HOLDER_KEYS = {"pid", "start", "comm", "exe", "args", "state", "tid", "nspid", "fds", "via",
               "since", "used", "chain"}
CREATOR_KEYS = {"pid", "start", "comm", "exe", "args", "state", "exit"}


def test_contract(stage):
    """Every field of the contract is there in every mode, null where not known."""
    stage.play("fork-exec-dead")
    stage.check()
    got = stage.sockets()[0]
    assert SOCKET_KEYS <= set(got)
    assert HOLDER_KEYS <= set(got["holders"][0])
    assert got["remote"] is None and got["hidden"] is None and got["uid"] == os.getuid()
    assert key_of(got)[0] == "inode"
    if stage.live:
        assert CREATOR_KEYS <= set(got["creator"])


def test_watch_starts_with_what_is(probate, scene, watch):
    """A watcher that comes late tells at once what was there before it."""
    s = scene("fork-exec-dead")
    w = watch("port", "-w", "--json", s["port"])
    first = w.wait_for(lambda o: "query" in o, what="the first answer")
    assert first["query"] == str(s["port"]) and find(s.socket(), first["sockets"])
    s.step()
    w.wait_for(lambda o: o["held"] is False, what="the end of the port")


def test_usage(probate):
    """What is no port is a mistake of the caller, said on stderr."""
    for args in (["port"], ["port", "70000"], ["port", "http!"], ["nonsense"], ["ports", "--nonsense"]):
        answer = probate(*args, codes=(2,))
        assert answer.err.strip() and not answer.out
