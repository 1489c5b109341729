"""What expressions of PromQL ask for, checked against the metrics that the program says it has."""
import json
import re
import subprocess

from conftest import PATIENCE, PROBATE

# What Prometheus adds to each series, or makes itself.
TARGET = {"instance", "job"}
SERIES = r"\b(?:probate|process)_[a-z_]+|\bup\b"


def told():
    """Name of each series that can be scraped -> its labels."""
    done = subprocess.run([PROBATE, "serve", "--list", "--json"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    series = {"up": set()}
    for family in map(json.loads, done.stdout.splitlines()):
        labels = set(family["labels"])
        if family["type"] == "histogram":
            series[family["name"] + "_bucket"] = labels | {"le"}
            series[family["name"] + "_sum"] = series[family["name"] + "_count"] = labels
        else:
            series[family["name"]] = labels
    return series


def asked(expr):
    """(series, labels it is selected by) of each selector in an expression."""
    for name, selected in re.findall(rf"({SERIES})(?:\{{(.*?)\}})?", expr):
        yield name, set(re.findall(r"([a-z_]+) *(?:=|!=|=~|!~) *\"", selected))


def wrong(expr, series, shown=()):
    """What an expression asks for that is not there; shown: labels that are printed of its result."""
    found, labels = [], set(TARGET)
    for name, selected in asked(expr):
        if name not in series:
            found.append(f"there is no {name}")
            continue
        labels |= series[name]
        found += [f"{name} has no {label}" for label in selected - series[name] - TARGET]
    for grouped in re.findall(r"\b(?:by|without|on|ignoring) *\(([^)]*)\)", expr):
        found += [f"nothing has {label}" for label in re.split(r"[ ,]+", grouped.strip())
                  if label and label not in labels]
    kept = [set(re.split(r"[ ,]+", g)) for g in re.findall(r"\bby *\(([^)]*)\)", expr)]
    if kept:
        labels &= set.union(*kept)
    return found + [f"{label} is not in the result" for label in set(shown) - labels]
