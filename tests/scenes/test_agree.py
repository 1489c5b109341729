"""One answer for one question: all scenes at once, stood still, asked about by every command.

The scenes are played together below two exporters that record, one that watches every descriptor
and one that hooks no system call, and asked about: now with the history of each, now without any,
and --at two moments of the recordings, before and after the scenes made their steps.  The pages
and the metrics of the exporters at these moments are kept, too.
"""
import os
import shutil
import subprocess
import tempfile
import time

import pytest

import agree
from conftest import SCENE, Scene, await_time_wait_room, end_all
from agree import Moment, Page, samples
from serve_tools import Exporter

STEPS = {"fork-exec-dead", "prefork", "clone-files", "closed-waited", "t-nsinit-dies"}
MODES = ["full", "lean"]
MOMENTS = ["before", "after"]
BACK_NS = 200 * 10**6  # so long before a scrape what it tells may be from
CHURN = {"fork", "exit", "reap", "listen", "bind"}


def stamp(ns):
    return f"@{ns // 10**9}.{ns % 10**9:09d}"


class Watcher:
    """An exporter that records, and what it said of itself at some moments."""

    def __init__(self, mode, place):
        self.mode, self.dir = mode, os.path.join(place, mode, "")
        self.env = {"PROBATE_RUN": os.path.join(place, mode + "-run")}
        self.exporter = Exporter("--user=root", "--fd=" + mode, "--record", self.dir, env=self.env)
        self.scrapes = {}

    def look(self, name):
        """Once a scan has seen what there is: the page, the metrics, and the times round them."""
        self.exporter.settled()
        begin = time.time_ns()
        page, metrics = self.exporter.get("/"), self.exporter.get("/metrics")
        self.scrapes[name] = begin, page, Page(samples(metrics)), time.time_ns()

    def at(self, ns, name):
        return Moment(name, ["-r", self.dir, "--at", stamp(ns)])

    def churn(self, begin, end):
        """How many came, went or took a port meanwhile: on a quiet machine none."""
        events = Moment("churn", ["-r", self.dir, "--since", stamp(begin), "--until", stamp(end)]).json("trace")
        return sum(e["event"] in CHURN for e in events)


class World:
    """Everything that was played, and the moments it can be asked about."""

    def __init__(self, place):
        self.started, self.moments = [], {}
        self.watchers = {mode: Watcher(mode, place) for mode in MODES}

    def play(self):
        names = subprocess.run([SCENE, "--list"], capture_output=True, text=True).stdout.split()
        assert len(names) > 40
        for name in names:
            self.started.append(Scene(name))
        self.look("before")
        for scene in self.started:
            if scene.name in STEPS:
                scene.step()
        self.look("after")

    def look(self, name):
        for w in self.watchers.values():
            w.look(name)

    def pids(self):
        """Of a scene of very many the first."""
        return {pid for s in self.started for pid in sorted(s.seen)[:100]}

    def await_age(self, envs, patience=60):
        """A zombie is `recent` for a time, and no longer when the next mode is asked: until none is."""
        pids, end = self.pids(), time.monotonic() + patience
        while young := [z for env in envs for z in Moment("age", env=env, of=pids).zombies() if z["reason"] == "recent"]:
            assert time.monotonic() < end, f"still recent: {young}"
            time.sleep(0.2)

    def ask_now(self):
        """While all of them stand still."""
        now = {"now, full": self.watchers["full"].env, "now, lean": self.watchers["lean"].env,
               "now, late": {"PROBATE_RUN": "/proc/nonexistent"}}
        self.await_age(now.values())
        for name, env in now.items():
            moment = self.moments[name] = Moment(name, env=env, of=self.pids())
            moment.gather([(*j, c) for c in ("ports", "zombies", "tree") for j in ((), ("--json",))])
            moment.gather(agree.port_questions(moment))
            moment.gather(sorted({("--json", "pid", str(h["pid"])) for s in moment.ports() for h in s["holders"]}))
            for compare in agree.port_differences, agree.tree_differences, agree.zombie_differences:
                list(compare(moment))  # which asks all that is left to ask
            list(agree.pid_differences(moment, self.pids()))

    def end(self):
        end_all(self.started + [w.exporter for w in self.watchers.values()])

    def recordings(self):
        for mode, w in self.watchers.items():
            for name in MOMENTS:
                begin, _, _, end = w.scrapes[name]
                self.moments[f"{name}, {mode}"] = w.at(end, f"{name}, {mode}")
                w.scrapes[name] += ([w.at(ns, f"{name}, {mode}") for ns in (begin - BACK_NS, begin)],
                                    w.churn(begin - BACK_NS, end))


@pytest.fixture(scope="module")
def world(obstacle):
    if obstacle:
        pytest.skip(obstacle)
    await_time_wait_room()
    place = tempfile.mkdtemp(prefix="probate-agree-")
    try:
        world = World(place)
        try:
            world.play()
            world.ask_now()
        finally:
            world.end()
        world.recordings()
        yield world
    finally:
        shutil.rmtree(place, ignore_errors=True)


NOW = ["now, full", "now, lean", "now, late"]
THEN = [f"{name}, {mode}" for name in MOMENTS for mode in MODES]


@pytest.fixture(params=NOW + THEN)
def moment(request, world):
    return world.moments[request.param]


@pytest.fixture(params=THEN)
def then(request, world):
    return world.moments[request.param]


def test_port_finds_what_ports_shows(moment):
    agree.fail(agree.port_differences(moment))


def test_pid_has_what_ports_says(moment, world):
    agree.fail(agree.pid_differences(moment, world.pids()))


def test_tree_and_pid(moment):
    agree.fail(agree.tree_differences(moment))


def test_zombies_and_pid(moment):
    agree.fail(agree.zombie_differences(moment))


def test_modes(world):
    agree.fail(agree.modes_differ(*(world.moments[name] for name in NOW)))


def test_words_and_json(then, world):
    agree.fail(agree.ports_text_differences(then))
    agree.fail(agree.zombies_text_differences(then))
    agree.fail(agree.pid_text_differences(then, world.pids()))


def test_report(then):
    agree.fail(agree.report_differences(then))


@pytest.mark.parametrize("name", MOMENTS)
@pytest.mark.parametrize("mode", MODES)
def test_exporter(world, mode, name):
    """The page and the metrics of the moment."""
    _, page, metrics, _, around, churn = world.watchers[mode].scrapes[name]
    moments = [*around, world.moments[f"{name}, {mode}"]]
    agree.fail(agree.metric_differences(moments, metrics, churn))
    agree.fail(agree.page_differences(moments, page, churn))
