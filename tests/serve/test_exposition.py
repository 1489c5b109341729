"""The exposition as others read it: Prometheus' own promtool, and the reference parsers of Python.

What is read is that of a planted machine with hostile names: `test_metrics text` and `test_metrics
openmetrics` print it.  No server is needed.
"""
import os
import shutil
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(os.environ.get("TOOLS", os.path.join(ROOT, "build/tests")), "test_metrics")

HOSTILE = {"a\nb} 1\nx{y=\"", "q\"uo\\te", "\ufffd\ufffd\ufffd(", "other", "unknown", "\ufffd" * 15,
           "\ufffd\ufffd", "caf\xe9", "\ufffd", "# EOF", "{}\\", "+Inf", "bash"}


@pytest.fixture(scope="module")
def exposition():
    if not os.access(TOOL, os.X_OK):
        pytest.skip(f"{TOOL} is not built")
    return lambda form: subprocess.run([TOOL, form], check=True, timeout=60,
                                       stdout=subprocess.PIPE).stdout


def promtool(page):
    """What it complains of, a line each."""
    if not shutil.which("promtool"):
        pytest.skip("needs promtool (package prometheus)")
    done = subprocess.run(["promtool", "check", "metrics"], input=page, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode().splitlines()


def families(page, openmetrics):
    reason = "needs python3-prometheus-client"
    if openmetrics:
        parser = pytest.importorskip("prometheus_client.openmetrics.parser", reason=reason)
    else:
        parser = pytest.importorskip("prometheus_client.parser", reason=reason)
    return list(parser.text_string_to_metric_families(page.decode("utf-8")))


def samples(found):
    """Values by name and labels; a bound may be written as 1 or 1.0, and times are never the same."""
    values = {}
    for family in found:
        for s in family.samples:
            labels = {k: str(float(v)) if k == "le" else v for k, v in s.labels.items()}
            key = s.name, tuple(sorted(labels.items()))
            assert key not in values
            values[key] = s.value
    return {k: v for k, v in values.items() if k[0] != "probate_collector_duration_seconds"}


def test_promtool_text(exposition):
    assert promtool(exposition("text")) == []


def test_promtool_openmetrics(exposition):
    """It reads the text format alone, to which the help of NAME says nothing about NAME_total."""
    odd = [line for line in promtool(exposition("openmetrics"))
           if not line.endswith("_total no help text")]
    assert odd == []


def test_formats_agree(exposition):
    text = samples(families(exposition("text"), False))
    om = samples(families(exposition("openmetrics"), True))
    assert text == om
    assert len(text) > 250


def test_openmetrics_units(exposition):
    units = {f.name: f.unit for f in families(exposition("openmetrics"), True)}
    for name, unit in units.items():
        ends = name.rsplit("_", 1)[1]
        assert unit == (ends if ends in ("seconds", "bytes") else ""), name


@pytest.mark.parametrize("form", ["text", "openmetrics"])
def test_hostile_names(exposition, form):
    found = families(exposition(form), form == "openmetrics")
    by = next(f for f in found if f.name == "probate_zombies_by_parent")
    assert {s.labels["program"] for s in by.samples} == HOSTILE
    assert sum(s.value for s in by.samples) == 15
