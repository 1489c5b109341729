"""The Grafana dashboard: does it ask for metrics that there are, in expressions that are some?"""
import json
import os
import re
import shutil
import subprocess

import pytest
import yaml

import families
from conftest import ROOT

DASHBOARD = os.path.join(ROOT, "contrib", "grafana.json")
# What Grafana puts in before it asks.
VARIABLES = {"$__rate_interval": "5m", "$__range": "3h", "$instance": ".*"}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@pytest.fixture(scope="module")
def board():
    with open(DASHBOARD) as f:
        return json.load(f)


def panels(board, rows=False):
    return [p for p in board["panels"] if (p["type"] == "row") == rows]


def exprs(board):
    """(where it stands, expression, labels that are shown of it)"""
    for panel in panels(board):
        for target in panel["targets"]:
            yield panel["title"], target["expr"], re.findall(r"{{(\w+)}}", target["legendFormat"])
    for note in board["annotations"]["list"]:
        yield note["name"], note["expr"], re.findall(r"{{(\w+)}}", note["textFormat"])
    for variable in board["templating"]["list"]:
        for metric, label in re.findall(r"label_values\((\w+), (\w+)\)", str(variable["query"])):
            yield variable["name"], metric, [label]


def filled(expr):
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    assert "$" not in expr, expr
    return expr


def test_every_metric_and_label_is_there(board):
    series = families.told()
    for where, expr, shown in exprs(board):
        assert list(families.asked(expr)), f"{where}: {expr} asks for nothing"
        assert not families.wrong(expr, series, shown), f"{where}: {expr}"


def test_every_metric_is_shown(board):
    """No family that nobody looks at: its sum and count come with its buckets."""
    there = {re.sub("_bucket$", "", s) for s in families.told() if s.startswith("probate_")
             and not s.endswith(("_sum", "_count"))}
    shown = {re.sub("_bucket$", "", name) for _, e, _ in exprs(board) for name, _ in families.asked(e)}
    assert there <= shown, there - shown


def test_every_expression_is_promql(board, tmp_path):
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    rules = [{"record": f"x:{n}", "expr": filled(e)} for n, (_, e, _) in enumerate(exprs(board))]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", str(path)], text=True, timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0 and f"{len(rules)} rules" in done.stdout, done.stdout


def test_machine_and_source_can_be_chosen(board):
    assert board["schemaVersion"] >= 38
    assert [v["name"] for v in board["templating"]["list"]] == ["datasource", "instance"]
    for panel in panels(board):
        assert panel["datasource"] == SOURCE, panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == SOURCE, panel["title"]
            assert "job=" not in target["expr"], target["expr"]
            for selector in re.findall(rf"({families.SERIES})(\{{instance=~\"\$instance\")?", target["expr"]):
                assert selector[1], target["expr"]


def test_every_panel_explains_itself(board):
    for panel in panels(board):
        assert len(panel["description"]) > 10 and panel["fieldConfig"]["defaults"]["unit"], panel["title"]
    ids = [p["id"] for p in board["panels"]]
    assert len(ids) == len(set(ids))


def test_no_panel_lies_on_another(board):
    taken = {}
    for panel in board["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]
