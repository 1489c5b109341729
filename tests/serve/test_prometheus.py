"""A real Prometheus scrapes a real exporter, and answers what was planted."""
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from serve_tools import PATIENCE, PROBATE, ROOT, Actor, Leak, ZOMBIES, free_port
from serve_tools import exporter, left_out, planted  # noqa: F401  fixtures

REAPS = """
import os, select, sys, time
for _ in range(20):
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    select.select([], [], [], 0.3)  # the time to reap that is to be found again
    os.waitpid(pid, 0)
print("0", flush=True)
sys.stdin.readline()
"""


class Prometheus:
    """Scrapes every second; the alert rules of contrib/ with their waiting times made short."""

    def __init__(self, exporter, directory):
        self.port = free_port()
        rules = directory / "alerts.yaml"
        with open(os.path.join(ROOT, "contrib/alerts.yaml")) as f:
            rules.write_text(re.sub(r"(?m)^(\s+for:) .*$", r"\1 1s", f.read()))
        config = directory / "prometheus.yaml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [{"job_name": "probate", "static_configs": [
                {"targets": [f"127.0.0.1:{exporter.port}"]}]}]}))
        self.log = open(directory / "log", "w+")
        self.run = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.until(lambda: self.value('up{job="probate"}') == 1)

    def ask(self, path, **query):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return json.load(answer)["data"]

    def query(self, expr):
        return {tuple(sorted((k, v) for k, v in r["metric"].items() if k not in ("job", "instance"))):
                float(r["value"][1]) for r in self.ask("query", query=expr)["result"]}

    def value(self, expr):
        """Of an expression with one result; None: with none."""
        found = list(self.query(expr).values())
        assert len(found) <= 1, found
        return found[0] if found else None

    def until(self, holds):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.run.poll() is None, self.words()
            try:
                if holds():
                    return
            except urllib.error.URLError:
                pass  # not there yet
        pytest.fail(f"awaited in vain: {self.words()}")

    def scrapes(self, n):
        """Wait until it has scraped n times more."""
        seen = {self.value('timestamp(up{job="probate"})')}
        self.until(lambda: seen.add(self.value('timestamp(up{job="probate"})')) or len(seen) > n)

    def words(self):
        self.log.seek(0)
        return self.log.read()[-3000:]

    def end(self):
        self.run.send_signal(signal.SIGTERM)
        self.run.wait(PATIENCE)
        self.log.close()


@pytest.fixture
def prometheus(exporter, planted, tmp_path):
    if not shutil.which("prometheus"):
        pytest.skip("prometheus is not installed")
    directory = tmp_path / "prometheus"
    directory.mkdir()
    one = Prometheus(exporter(), directory)
    planted.append(one)
    return one


def zombies_of_others(parents):
    """The machine's own, whose parents are none of these: some may be late in reaping just then."""
    done = subprocess.run([PROBATE, "zombies", "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE)
    return sum(json.loads(line)["ppid"] not in parents for line in done.stdout.split("\n") if line)


def test_planted_facts(prometheus, planted):
    p = prometheus
    p.scrapes(2)
    before = {expr: p.value(expr) for expr in (
        "sum(probate_leaked_sockets)", 'probate_zombies{reason="parent_not_waiting"}',
        'probate_zombies{reason="parent_stopped"}')}
    slowly = 'probate_reap_seconds_bucket{le="2.5"} - ignoring(le) probate_reap_seconds_bucket{le="0.25"}'
    before_slowly, before_count = p.value(slowly), p.value("probate_reap_seconds_count")
    planted += [Leak("tcp").kill(), Leak("tcp").kill(), Leak("udp").kill()]
    planted += [Actor(ZOMBIES, 4, "stay"), Actor(ZOMBIES, 3, "stop"), Actor(REAPS)]
    p.scrapes(2)
    after = {expr: p.value(expr) for expr in before}
    leaked, waiting, stopped = (after[e] - before[e] for e in before)
    assert (leaked, stopped) == (3, 3)
    assert 4 <= waiting <= 4 + zombies_of_others([a.run.pid for a in planted[-3:]])
    assert p.query("probate_leaked_sockets_by_program")[
        ("__name__", "probate_leaked_sockets_by_program"), ("program", "sleep")] == 3
    assert p.value('up{job="probate"}') == 1
    # 300 ms each, and up to 30 ms until the kernel frees what was reaped; others reap, too
    slow = p.value(slowly) - before_slowly
    assert slow >= 19  # the newest may be on its way
    share = slow / (p.value("probate_reap_seconds_count") - before_count)
    quantile = p.value(f"histogram_quantile({1 - share / 2}, increase(probate_reap_seconds_bucket[1m]))")
    assert 0.25 <= quantile <= 5, (share, quantile)
    families = {m["__name__"] for m in p.ask("series", **{"match[]": '{job="probate"}'})}
    assert families >= {"probate_sockets", "probate_forks_total", "probate_build_info",
                        "process_resident_memory_bytes"}
    meta = p.ask("targets/metadata", metric="probate_forks_total")
    assert [m["type"] for m in meta] == ["counter"] or not meta


def test_an_alert_fires(prometheus, planted):
    planted.append(Leak("tcp").kill())
    prometheus.until(lambda: any(
        a["state"] == "firing" and a["labels"]["alertname"] == "ProbateLeakedPort"
        for a in prometheus.ask("alerts")["alerts"]))
    alert = next(a for a in prometheus.ask("alerts")["alerts"]
                 if a["labels"]["alertname"] == "ProbateLeakedPort")
    assert "probate ports --leaked" in alert["annotations"]["runbook"]
