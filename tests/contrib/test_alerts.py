"""The alert rules: are they valid, does each fire when it must and not else, does each help?"""
import os
import re
import shutil
import subprocess

import pytest
import yaml

import families
from conftest import ROOT

RULES = os.path.join(ROOT, "contrib", "alerts.yaml")
CASES = os.path.join(ROOT, "tests", "contrib", "alerts_test.yaml")


@pytest.fixture
def promtool():
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")

    def run(*args):
        return subprocess.run(["promtool", *args], cwd="/", stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return run


def load(path):
    with open(path) as f:
        return yaml.safe_load(f)


def alerts():
    return {r["alert"]: r for g in load(RULES)["groups"] for r in g["rules"]}


def test_check(promtool):
    done = promtool("check", "rules", RULES)
    assert done.returncode == 0, done.stdout
    assert f"SUCCESS: {len(alerts())} rules" in done.stdout, done.stdout


def test_cases(promtool):
    done = promtool("test", "rules", CASES)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("change", [{"expr": "vector(0) > 1"}, {"expr": "vector(1)"}, {"for": "0s"}])
def test_the_cases_notice_what_is_wrong(promtool, tmp_path, change):
    """No alert could be left out, always fire, or fire at once, without a case failing."""
    cases = load(CASES)
    cases["rule_files"] = ["rules.yaml"]
    (tmp_path / "cases.yaml").write_text(yaml.safe_dump(cases))
    for name, alert in alerts().items():
        rules = load(RULES)
        for rule in rules["groups"][0]["rules"]:
            if rule["alert"] == name:
                rule.update(change)
        (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
        if set(change) <= set(alert):
            assert promtool("test", "rules", str(tmp_path / "cases.yaml")).returncode, name


def test_each_asks_for_what_there_is():
    series = families.told()
    for name, rule in alerts().items():
        shown = re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))
        assert not families.wrong(rule["expr"], series, shown), name


def test_each_says_where_and_what_to_do():
    commands = subprocess.run([families.PROBATE, "--help"], capture_output=True, text=True, check=True,
                              stdin=subprocess.DEVNULL).stdout
    commands = set(re.findall(r"^  ([a-z]+)  ", commands, re.M))
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in ("info", "warning", "critical"), name
        says = rule["annotations"]
        assert set(says) == {"summary", "description", "runbook"}, name
        if "absent(" not in rule["expr"]:
            assert "{{ $labels.instance }}" in says["summary"], name
            assert "{{ $labels.instance }}" in says["description"], name
        named = re.findall(r"`(?:exec )?probate ([a-z]+)", says["runbook"])
        assert named and set(named) <= commands, name
        assert "\n" not in says["runbook"], name


def test_what_the_page_shows_is_looked_for_there():
    """The page of the exporter, at the port where it listens."""
    help = subprocess.run([families.PROBATE, "serve", "--help"], capture_output=True, text=True, check=True,
                          stdin=subprocess.DEVNULL).stdout
    (port,) = re.findall(r"--web.listen-address .*:(\d+)\)", help)
    for name in "LeakedPort", "SuspectedLeak", "StuckConnections", "ZombiesGrowing":
        says = alerts()["Probate" + name]["annotations"]["runbook"]
        assert says.startswith(f"Look at http://HOST:{port}/ "), name


def test_no_alert_needs_one_name_of_the_job():
    """It is kubernetes-pods, or NAMESPACE/probate, where others have named it."""
    for name, rule in alerts().items():
        assert 'job="' not in rule["expr"], name
