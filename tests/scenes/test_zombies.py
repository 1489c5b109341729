"""Who is not reaped, and why: every scene live (watched from before) and late (scanned after)."""
import pytest

from truth import fold_zombies, told, until

# scene: (reason, SIGCHLD of the parent, how the dead died)
SCENES = {
    "z-no-wait": ("parent_not_waiting", "default", {"code": (3, 4), "signal": (None,)}),
    "z-stopped": ("parent_stopped", "default", {"code": (None,), "signal": (9,)}),
    "z-traced": ("traced", "default", {"code": (None,), "signal": (9,)}),
    "z-clone0": ("no_exit_signal", "default", {"code": (3,), "signal": (None,)}),
    "z-exit-signal": ("no_exit_signal", "default", {"code": (3,), "signal": (None,)}),
    "z-nsinit": ("init_not_reaping", "default", {"code": (3,), "signal": (None,)}),
    "z-subreaper": ("subreaper_not_reaping", "default", {"code": (3,), "signal": (None,)}),
}

# Reasons that need a view into what the parent waits for, or a count of its waits: listed apart.
BEYOND = {
    "z-other": ("waits_for_other", "default", {"code": (3,), "signal": (None,)}),
    "z-coalesced": ("parent_misses_some", "handled", {"code": (3,), "signal": (None,)}),
}

# Reasons that only who watched knows.
WATCHED = {
    "z-empty-handler": ("parent_not_waiting", "handled", {"code": (3,), "signal": (None,)}),
    "z-own-of-init": ("parent_not_waiting", "default", {"code": (3,), "signal": (None,)}),
}

KEYS = {"pid", "start", "comm", "ppid", "parent", "exited", "age_s", "reason", "action",
        "container", "exit"}


class Morgue:
    """One scene and one way to ask for zombies."""

    def __init__(self, mode, probate, scene, watch):
        self.live = mode == "live"
        self.probate, self.scene_start = probate, scene
        self.watcher = watch("zombies", "-w", "--json") if self.live else None
        self.scene = None

    def play(self, name):
        self.scene = self.scene_start(name)
        return self.scene

    def ask(self):
        if self.live:
            return fold_zombies(self.watcher.objects)[0]
        return self.probate("zombies", "--json").objects

    def find(self, pid):
        return next((z for z in self.ask() if z["pid"] == pid), None)

    def check(self, errors):
        """A zombie may be `recent` for a moment before it has a reason, in both modes."""
        if self.live:
            self.watcher.poll(lambda objects: not errors())
        left = until(errors, 0 if self.live else 20, 0.2)
        if left:
            pytest.fail(told(left))


@pytest.fixture(params=["live", "late"])
def morgue(request, probate, scene, watch):
    return Morgue(request.param, probate, scene, watch)


def zombie_errors(truth, got, live, reason, sigchld, death):
    errors = []
    if not got:
        return [f"zombie {truth['pid']} is not in the answer"]
    if got["reason"] != reason:
        errors.append(f"reason is {got['reason']!r}, not {reason!r}")
    if got["ppid"] != truth["ppid"] or got["parent"]["pid"] != truth["ppid"]:
        errors.append(f"parent is {got['ppid']}, {got['parent']}, not {truth['ppid']}")
    if got["parent"]["sigchld"] != sigchld:
        errors.append(f"SIGCHLD of the parent is {got['parent']['sigchld']}, not {sigchld}")
    for field, allowed in death.items():
        if got["exit"][field] not in allowed:
            errors.append(f"exit.{field} is {got['exit'][field]}, not {allowed}")
    if (got["exited"] is not None) != live:
        errors.append(f"exited is {got['exited']}, seen live: {live}")
    if not (got["action"] or "").strip():
        errors.append("no action")
    if not KEYS <= set(got):
        errors.append(f"lacks {sorted(KEYS - set(got))}")
    return [f"zombie {truth['pid']}: {e}" for e in errors]


def scene_check(morgue, name, table):
    s = morgue.play(name)

    def errors():
        got = {z["pid"]: z for z in morgue.ask()}
        return [e for z in s["zombies"] for e in
                zombie_errors(z, got.get(z["pid"]), morgue.live, *table[name])]

    morgue.check(errors)


@pytest.mark.parametrize("name", SCENES)
def test_zombie(morgue, name):
    scene_check(morgue, name, SCENES)


@pytest.mark.beyond
@pytest.mark.parametrize("name", BEYOND)
def test_beyond(morgue, name):
    scene_check(morgue, name, BEYOND)


@pytest.mark.parametrize("name", WATCHED)
def test_watched(probate, scene, watch, name):
    scene_check(Morgue("live", probate, scene, watch), name, WATCHED)


def test_headless_is_no_zombie(morgue):
    """z-headless: its threads live on; said as such."""
    s = morgue.play("z-headless")

    def errors():
        got = morgue.find(s["headless"])
        return [] if got and got["reason"] == "headless" else [f"{got}"]

    morgue.check(errors)


def test_reaped_is_gone(probate, scene, watch):
    """A zombie goes with its parent, and the watcher tells it."""
    w = watch("zombies", "-w", "--json")
    s = scene("z-no-wait")
    pids = {z["pid"] for z in s["zombies"]}
    w.poll(lambda o: pids <= {z["pid"] for z in fold_zombies(o)[0]})
    assert pids <= {z["pid"] for z in fold_zombies(w.objects)[0]}
    s.end()
    w.poll(lambda o: pids <= fold_zombies(o)[1])
    assert pids <= fold_zombies(w.objects)[1]


def test_ignored_never_is_one(probate, scene, watch):
    """z-ignored: an exit, no zombie, and nobody who reaped."""
    w = watch("trace", "--json")
    s = scene("z-ignored")
    w.wait_for(lambda o: o["event"] == "exit" and o["pid"] == s["child"], what="the exit")
    reap = w.wait_for(lambda o: o["event"] == "reap" and o["child"] == s["child"], what="the reap")
    assert reap["reaper"] is None
    assert not [o for o in w.objects if o["event"] == "zombie" and o["child"] == s["child"]]
    assert s["child"] not in [z["pid"] for z in probate("zombies", "--json").objects]


def test_reaped_after_a_while(probate, scene, watch):
    """z-reaped: a zombie for 200 ms, and who ended it."""
    w = watch("trace", "--json")
    s = scene("z-reaped")
    dead = w.wait_for(lambda o: o["event"] == "exit" and o["pid"] == s["child"], what="the exit")
    assert (dead["code"], dead["signal"], dead["by"]) == (s["code"], None, None)
    zombie = w.wait_for(lambda o: o["event"] == "zombie" and o["child"] == s["child"],
                        what="the zombie")
    reap = w.wait_for(lambda o: o["event"] == "reap" and o["child"] == s["child"], what="the reap")
    assert zombie["start"] == reap["start"] == dead["start"]
    assert reap["reaper"] == s["parent"]
    assert s["zombie_ms"] - 20 <= reap["zombie_ns"] / 1e6 <= s["zombie_ms"] + 100
    events = [o["event"] for o in w.objects if s["child"] in (o.get("child"), o["pid"])]
    assert events.count("reap") == 1 and events.count("zombie") == 1


def test_reaped_at_once_is_none(probate, scene, watch):
    """fork-exec-dead: the killed maker is reaped at once; no zombie is told."""
    w = watch("trace", "--json")
    s = scene("fork-exec-dead")
    maker = s.socket()["creator"]["pid"]
    reap = w.wait_for(lambda o: o["event"] == "reap" and o["child"] == maker, what="the reap")
    assert reap["reaper"] == s["director"]
    assert not [o for o in w.objects if o["event"] == "zombie" and o["child"] == maker]


def test_namespace_pid_is_shown(probate, scene):
    """z-nsinit: the zombie's pid in its namespace, for those who look from inside."""
    s = scene("z-nsinit")
    pid = s["zombies"][0]["pid"]
    nspid = probate("pid", "--json", pid).one()["nspid"]
    assert nspid[0] == pid and len(nspid) == 2 and nspid[1] < 10
    assert "init" in next(z["action"] for z in probate("zombies", "--json").objects
                          if z["pid"] == pid)
