"""Names of units where no right and no process tells them: the tree of cgroups is searched."""
import itertools
import os
import subprocess

import pytest

from serve_tools import Actor, ZOMBIES
from serve_tools import exporter, left_out, planted  # noqa: F401  fixtures

TWO = "-all,+bpf,+perfmon"
BARE = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps={TWO}",
        f"--ambient-caps={TWO}", f"--bounding-set={TWO}"]
JOIN = "open({!r}, 'w').write('0')\n"


@pytest.fixture
def cgroup():
    """cgroup(suffix) makes one; it ends with the test."""
    with open("/proc/self/mountinfo") as f:
        mounts = [line.split()[4] for line in f if " - cgroup2 " in line]
    if not mounts or not mounts[0].startswith("/sys/fs/cgroup"):
        pytest.skip("no cgroup2 below /sys/fs/cgroup")
    made, number = [], itertools.count()

    def make(suffix):
        path = f"{mounts[0]}/probate-test-{os.getpid()}-{next(number)}{suffix}"
        try:
            os.mkdir(path)
        except OSError as e:
            pytest.skip(f"no cgroup can be made: {e}")
        made.append(path)
        return path
    yield make
    for path in reversed(made):
        os.rmdir(path)


@pytest.fixture
def hidden(cgroup, exporter):  # noqa: F811
    """An exporter in a cgroup namespace of its own, where others' cgroups read "/../name"."""
    for tried in ["unshare", "-C", "true"], [*BARE, "true"]:
        done = subprocess.run(tried, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"{tried[0]}: {done.stderr.strip()}")
    own = cgroup("")

    def start(*rights):
        return exporter(before=["sh", "-c", f'echo $$ >{own}/cgroup.procs && exec "$@"', "sh",
                                "unshare", "-C", *rights])
    return start


def zombies_in(planted, path, n):  # noqa: F811
    planted.append(Actor(JOIN.format(f"{path}/cgroup.procs") + ZOMBIES, n, "stay"))
    return os.path.basename(path)


def counted(page, unit):
    return {dict(labels)["unit"]: v for (name, labels), v in page.items()
            if name == "probate_zombies_by_unit"}.get(unit)


@pytest.mark.parametrize("rights", [[], BARE], ids=["root", "two"])
def test_private_namespace(cgroup, hidden, planted, rights):  # noqa: F811
    """What was there before is known in the first page, what comes later soon."""
    before, later = cgroup(".service"), cgroup(".service")
    unit = zombies_in(planted, before, 2)
    serve = hidden(*rights)
    assert counted(serve.scrape(), unit) == 2
    unit = zombies_in(planted, later, 3)
    serve.until(lambda page: counted(page, unit) == 3)
    serve.end()
