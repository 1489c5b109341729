"""Fixtures of the exporter's tests: exporters and planted facts that end with the test."""
import subprocess

import pytest

from exporter import Exporter, PROBATE


@pytest.fixture(scope="session")
def left_out(obstacle):
    """Why no exporter can run here; None: it can."""
    if obstacle:
        return obstacle
    done = subprocess.run([PROBATE, "serve", "--web.listen-address=no address"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    return done.stderr if "built without" in done.stderr else None


@pytest.fixture
def planted():
    """Append what has an end()."""
    things = []
    yield things
    errors = []
    for thing in reversed(things):
        try:
            thing.end()
        except Exception as e:  # the others must end all the same
            errors.append(e)
    assert not errors, errors


@pytest.fixture
def exporter(left_out, planted, tmp_path):
    if left_out:
        pytest.skip(left_out)

    def start(*args, **env):
        one = Exporter(*args, env={"PROBATE_RUN": str(tmp_path / "run"), **env})
        planted.append(one)
        return one
    return start
