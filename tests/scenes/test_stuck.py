"""Parents that cannot reap, or wait for something else: all at once, by each way to ask."""
import subprocess

import pytest

from conftest import EXTRA, PROBATE
from truth import fold_zombies, told, until

# fact of z-stuck: (reason, what its advice says)
KINDS = {
    "stopped": ("parent_stopped", "continue it (kill -CONT {ppid})"),
    "ptrace": ("parent_stopped", "is stopped by its tracer scene["),
    "exit_stop": ("parent_blocked", "is on its way out, but scene["),
    "vfork": ("parent_blocked", "is in vfork, until scene["),
    "pidfd": ("waits_for_other", "is blocked in a wait for another child, scene["),
    "clone": ("waits_for_other", "with __WCLONE"),
    "stops": ("waits_for_other", "that stop or go on"),
    "thread": ("waits_for_other", "(in its thread "),
    "circle": ("waits_for_other", "neither goes on by itself"),
    "traced_thread": ("traced", "A thread of scene[{pid}] is dead, too, but its tracer scene["),
    "outsider": ("parent_not_waiting", "scene[{init}], PID 1 of its pid namespace, cannot end"),
    "frozen": ("parent_blocked", "0 in cgroup.freeze of cgroup /probate-scene-{director} "),
    "freezer": ("parent_blocked", "THAWED in freezer.state of cgroup /probate-scene-{director} "),
}


def differences(s, rows, said):
    """said(row): the words about a zombie."""
    errors, got = [], {z["pid"]: z for z in rows}
    for z in s["zombies"]:
        kind = next(k for k in KINDS if s.facts.get(k) == z["pid"])
        reason, words = KINDS[kind]
        words = words.format(**{**s.facts, **z})
        row = got.get(z["pid"])
        if not row:
            errors.append(f"{kind}: {z['pid']} is not in the answer")
        elif (row["reason"], row["ppid"]) != (reason, z["ppid"]) or words not in said(row):
            errors.append(f"{kind}: {row['reason']} of {row['ppid']}, not {reason} of "
                          f"{z['ppid']}, {words!r}: {said(row)}")
    init = got.get(s["init"])
    if not init or init["reason"] != "dying" or f"scene[{s['outsider']}]" not in said(init):
        errors.append(f"init: {init and said(init)}")
    return errors


def differences_text(s, probate):
    rows = probate("zombies", "--json").objects
    done = subprocess.run([PROBATE, *EXTRA, "zombies"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    return differences(s, rows, lambda row: text)


@pytest.mark.parametrize("fd", ["full", "lean"])
def test_stuck(probate, scene, watch, fd):
    """Watched and by its recording (the watcher compares), with two freezers where there are two."""
    w = watch("zombies", "-w", "--json", f"--fd={fd}")
    s = scene("z-stuck")
    assert len(s["zombies"]) >= len(KINDS) - 1

    def errors(objects):
        return differences(s, fold_zombies(objects)[0], lambda row: row["action"])

    w.poll(lambda objects: not errors(objects), timeout=150)  # a scan that took long delays the next, up to a minute
    assert not errors(w.objects), told(errors(w.objects))


def test_stuck_late(probate, scene):
    """Asked after it all happened, in JSON and in words."""
    s = scene("z-stuck")
    left = until(lambda: differences(s, probate("zombies", "--json").objects,
                                     lambda row: row["action"]), 30, 0.3)
    assert not left, told(left)
    left = until(lambda: differences_text(s, probate), 30, 0.3)
    assert not left, told(left)
