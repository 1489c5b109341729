"""What the exporter costs: others, at rest, and a scrape of a full machine."""
import http.client
import os
import re
import statistics
import time

CPU_IDLE, RSS, SCRAPE_S, SERIES = 0.002, 32 << 20, 0.005, 1000
NPROC, LISTENERS = 2000, 5  # each: 10,000 listening sockets
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """User and system time of all its threads."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def address(tracer):
    for line in tracer.said:
        found = re.search(rb"metrics at http://([\d.]+):(\d+)(\S+)", line)
        if found:
            return found[1].decode(), int(found[2]), found[3].decode()
    raise ValueError("no address was said")


def scrape(where):
    """Seconds, and the text."""
    host, port, path = where
    began = time.perf_counter()
    client = http.client.HTTPConnection(host, port, timeout=30)
    client.request("GET", path)
    text = client.getresponse().read().decode()
    client.close()
    return time.perf_counter() - began, text


def bench_idle(bench, seconds):
    """Scraped every five seconds, as nobody does more often."""
    with bench.Tracer("serve", "--web.listen-address=127.0.0.1:0") as tracer:
        where, begin, used = address(tracer), time.monotonic(), cpu_s(tracer.run.pid)
        while time.monotonic() - begin < seconds:
            scrape(where)
            time.sleep(5)
        share = (cpu_s(tracer.run.pid) - used) / (time.monotonic() - begin)
        rss = tracer.status_kib("VmRSS") << 10
    return [bench.row("exporter", "idle: a core", "%.2f%%" % (100 * share),
                      "<= %.1f%%" % (100 * CPU_IDLE), share <= CPU_IDLE, share=share),
            bench.row("exporter", "idle: memory", "%.1f MiB" % (rss / 2**20),
                      "<= %d MiB" % (RSS >> 20), rss <= RSS, bytes=rss)]


def bench_scrape(bench, rounds):
    with bench.Population(NPROC, LISTENERS, "listen") as population, \
            bench.Tracer("serve", "--web.listen-address=127.0.0.1:0") as tracer:
        where, took = address(tracer), []
        for _ in range(rounds):
            seconds, text = scrape(where)
            took.append(seconds)
            time.sleep(0.2)
        rss = tracer.status_kib("VmRSS") << 10
        listening = sum(float(line.split()[-1]) for line in text.splitlines()
                        if line.startswith('probate_sockets{proto="tcp",state="listen"'))
        if listening < NPROC * LISTENERS:
            raise bench.Failed("only %d listeners were found" % listening)
        series = sum(not line.startswith("#") for line in text.splitlines())
        facts = population.facts
    middle = statistics.median(took)
    what = {"base": "%d procs" % facts["procs"], "ours": "%d sockets" % facts["sockets"]}
    return [bench.row("exporter", "scrape", "%.1f ms" % (1e3 * middle),
                      "<= %.0f ms" % (1e3 * SCRAPE_S), middle <= SCRAPE_S, rounds=rounds,
                      spread="%.1f..%.1f ms" % (1e3 * min(took), 1e3 * max(took)), **what),
            bench.row("exporter", "series", str(series), "< %d" % SERIES, series < SERIES,
                      series=series),
            bench.row("exporter", "memory there", "%.1f MiB" % (rss / 2**20), None, None, bytes=rss)]


def bench_exporter(bench, options):
    """At rest first: a storm of connections leaves a minute of TIME_WAIT behind."""
    rows = bench_idle(bench, 10 if options.quick else 60)
    rows += bench_scrape(bench, 10 if options.quick else 30)
    return rows + bench.bench_overhead(list(bench.OVERHEAD), options, ("serve",))
