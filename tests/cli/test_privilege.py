"""Without privilege, without BPF, without BTF: what can be answered is answered, and the rest said.

The actors belong to root.  Whoever may not read their descriptors must not be told that nobody
holds a socket.
"""
import json
import os
import shutil
import socket
import subprocess

import pytest

from cli_tools import cli, live  # noqa: F401  fixtures

ANSWERED, OPPOSITE, USAGE, CANNOT, INCOMPLETE = range(5)
NOBODY = 65534

# Of a namespace of its own only /sys is made private: the root of a chroot need be no mount.
ALONE = ["unshare", "-m", "--propagation", "unchanged", "sh", "-c"]

WAYS = {
    "nobody": ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
               "--inh-caps=-all"],
    # CAP_SYS_ADMIN alone still permits BPF, so all three must go
    "no-bpf-caps": ["setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin", "--inh-caps=-all"],
    "no-caps": ["setpriv", "--bounding-set=-all", "--inh-caps=-all"],
    "--no-bpf": [],
    "no-btf": [*ALONE, 'mount --make-rprivate /sys && '
               'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$@"', "sh"],
    "empty-btf": [*ALONE, 'mount --make-rprivate /sys && '
                  'mount --bind "$0" /sys/kernel/btf/vmlinux && exec "$@"', "EMPTY"],
}
SEES_ALL = ["no-bpf-caps", "--no-bpf", "no-btf", "empty-btf"]
BLIND = ["nobody", "no-caps"]


@pytest.fixture
def as_(cli, tmp_path):
    """as_(way, args...) runs it with that little privilege."""
    def run(way, *args, **more):
        if os.geteuid():
            pytest.skip("needs root to give privilege up")
        before = list(WAYS[way])
        if before and not shutil.which(before[0]):
            pytest.skip(f"{before[0]} is not installed")
        if before:
            (tmp_path / "empty").touch()
            before = [str(tmp_path / "empty") if x == "EMPTY" else x for x in before]
            probe = subprocess.run([*before, "true"], stdin=subprocess.DEVNULL,
                                   capture_output=True)
            if probe.returncode:
                pytest.skip(f"{way} cannot be had here: {probe.stderr.decode().strip()}")
        else:
            args = [*args, way]
        return cli(*args, before=before, **more)
    return run


@pytest.fixture
def listener(scene):
    return scene("listener")


def ask(run, way, port):
    done = run(way, "port", str(port), "--json")
    assert done.code == ANSWERED, str(done)
    (line,) = done.out.decode().splitlines()
    (sock,) = json.loads(line)["sockets"]
    return done, sock


@pytest.mark.parametrize("way", SEES_ALL)
def test_holders_without_bpf(as_, listener, way):
    done, sock = ask(as_, way, listener["port"])
    (holder,) = listener.socket()["holders"]
    assert [h["pid"] for h in sock["holders"]] == [holder["pid"]]
    assert [f["fd"] for f in sock["holders"][0]["fds"]] == holder["fds"]
    assert sock["verdict"] == "held" and sock["certain"] is False and sock["hidden"] is None
    said = done.sentence()
    assert "/proc" in said and "no history" in said
    if "btf" in way:
        assert "BTF" in said
    elif way == "no-bpf-caps":
        assert "CAP_BPF" in said


@pytest.mark.parametrize("way", BLIND)
def test_a_holder_that_may_not_be_read_is_not_hidden(as_, listener, way):
    done, sock = ask(as_, way, listener["port"])
    assert sock["holders"] == [] and sock["creator"] is None
    assert sock["verdict"] == "held" and sock["certain"] is False and sock["hidden"] is None
    assert "probably" in sock["why"] and "cannot" in sock["why"] and "root" in sock["action"]
    assert "CAP_BPF" in done.sentence() and "may not be read" in done.sentence()
    text = as_(way, "port", str(listener["port"])).out.decode()
    assert "could not be read" in text and "hidden" not in text and "Verdict: held" in text
    table = as_(way, "ports").out.decode()
    (row,) = [x for x in table.splitlines() if f":{listener['port']} " in x]
    assert row.split()[-2:] == ["?", "held"]


@pytest.mark.parametrize("way", BLIND)
def test_own_processes_are_seen(as_, way):
    """What belongs to this user is seen by it: here, the socket on its own standard input."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = as_(way, "port", str(server.getsockname()[1]), "--json", stdin=server)
    (sock,) = json.loads(done.out)["sockets"]
    (holder,) = sock["holders"]
    assert holder["comm"] == "probate" and [f["fd"] for f in holder["fds"]] == [0]
    assert sock["verdict"] == "held" and sock["hidden"] is None


@pytest.mark.parametrize("way", WAYS)
def test_holders_that_this_user_may_see(as_, scene, way):
    """fork-alive: two processes hold it."""
    actor = scene("fork-alive")
    _, sock = ask(as_, way, actor["port"])
    want = sorted(h["pid"] for h in actor.socket()["holders"]) if way in SEES_ALL else []
    assert sorted(h["pid"] for h in sock["holders"]) == want
    assert sock["verdict"] == "held" and sock["hidden"] is None and not sock["certain"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("line", ["ports", "ports --json", "ports --leaked", "tree", "zombies",
                                  "pid 1", "zombies --json", "tree --json"])
def test_every_one_shot_answers(as_, way, line, listener):
    done = as_(way, *line.split())
    assert done.code == ANSWERED, str(done)
    said = done.sentence()
    assert "answering from /proc" in said
    if line == "ports":
        assert f":{listener['port']} " in done.out.decode()
        assert "hidden" not in done.out.decode()
    if "--json" in line:
        for one in done.out.decode().splitlines():
            json.loads(one)
    quiet = as_(way, "-q", *line.split())
    assert quiet.code == ANSWERED and not quiet.err, str(quiet)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("line", ["trace", "ports -w", "port 80 -w", "tree -w", "zombies -w",
                                  "pid 1 -w", "trace --raw"])
def test_live_commands_cannot_run(as_, way, line):
    done = as_(way, *line.split())
    assert done.code == CANNOT and not done.out, str(done)
    said = done.sentence()
    if "btf" in way:
        assert "BTF" in said and "CONFIG_DEBUG_INFO_BTF" in said
    elif way == "--no-bpf":
        assert "--no-bpf" in said
    else:
        assert "CAP_BPF" in said and "root" in said


def test_the_command_does_not_run_untraced(as_, tmp_path):
    for way in "nobody", "no-btf":
        done = as_(way, "trace", "--", "touch", str(tmp_path / "ran"))
        assert done.code == CANNOT and done.sentence()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("way", [w for w in WAYS if w != "--no-bpf"])
def test_doctor_says_why(as_, way):
    done = as_(way, "doctor")
    assert done.code == CANNOT and not done.err, str(done)
    assert ("BTF" if "btf" in way else "CAP_BPF") in done.out.decode()
    told = json.loads(as_(way, "doctor", "--json").out.decode().splitlines()[0])
    assert told["btf"] is ("btf" not in way)


def test_what_a_sandbox_hides_is_not_hidden(live, obstacle):
    """Some keep PID 1 from BPF and /proc alike: what it holds is held by somebody."""
    done = live("ports", "--json")
    for one in map(json.loads, done.out.decode().splitlines()):
        if one["verdict"] == "held" and not one["holders"]:
            assert one["hidden"] is None and not one["certain"] and "probably" in one["why"]
            text = live("ports").out.decode()
            assert "could not be read" in text
            break
    else:
        pytest.skip("nothing is kept from us here")


def test_replay_needs_nothing(as_):
    story = os.path.join(os.path.dirname(__file__), "..", "stories", "leaked.story")
    for way in BLIND + ["no-btf"]:
        with open(story, "rb") as f:  # opened by us: the tree may be out of a user's reach
            done = as_(way, "-r", "-", "port", "8801", stdin=f)
        assert done.code == ANSWERED and not done.err and b"leaked" in done.out, str(done)
