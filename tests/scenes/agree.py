"""One moment, asked about by every command: what each says of the same thing, as lists of differences.

A Moment is asked once for each thing and keeps the answer.  The functions below compare two voices
each; what they compare is all that both of them tell.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys

import pytest

from conftest import BROKEN, EXTRA, PROBATE, ROOT

sys.path.append(os.path.join(ROOT, "tests", "serve"))
from serve_tools import Page, Tables, samples  # noqa: E402

NO_ZOMBIES = ("headless", "dying")  # told by `zombies` lest they be taken for such
WIDE = dict(COLUMNS="400", NO_COLOR="1")


class Moment:
    """options: how probate is asked (-r FILE --at T, or nothing); of: only these pids are compared."""

    def __init__(self, name, options=(), env=None, of=None):
        self.name, self.options, self.of = name, list(options), of
        self.env = dict(os.environ, **WIDE, **(env or {}))
        self.said = {}

    def run(self, *command):
        key = tuple(map(str, command))
        if key not in self.said:
            done = subprocess.run([PROBATE, *EXTRA, *self.options, *key], stdin=subprocess.DEVNULL, text=True,
                                  capture_output=True, timeout=120, env=self.env)
            assert done.returncode in (0, 1, 4), f"{self.name}, {key}: {done.returncode}, {done.stderr}"
            assert not BROKEN.search(done.stderr), f"{self.name}, {key}: {done.stderr}"
            self.said[key] = done.stdout
        return self.said[key]

    def text(self, *command):
        return self.run(*command)

    def json(self, *command):
        return [json.loads(line) for line in self.run("--json", *command).split("\n") if line]

    def gather(self, questions):
        """Asks beforehand, some at a time."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda q: self.run(*q), questions))

    # -- what is compared: live, others on the machine do not stand still

    def ports(self):
        return [s for s in self.json("ports") if self.of is None or self.concerns(s)]

    def concerns(self, sock):
        who = [h["pid"] for h in sock["holders"]] + [(sock["creator"] or {}).get("pid")]
        return bool(self.of & set(who)) or (sock.get("hidden") or {}).get("pid") in self.of

    def tree(self):
        return {p["pid"]: p for p in self.json("tree") if self.of is None or p["pid"] in self.of}

    def zombies(self):
        return [z for z in self.json("zombies") if self.of is None or self.of & {z["pid"], z["ppid"]}]

    def pid(self, pid):
        return (self.json("pid", pid) or [None])[0]


def key_of(s):
    return s["proto"], s["local"], s["remote"], s["netns"], s["inode"] or s["cookie"]


def named(s):
    return f"{s['proto']} {s['local']} (inode {s['inode']})"


STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:(\d\d\.\d{9})Z$")


def same(one, other):
    """Equal; moments may differ by the grain to which runs agree on the clock."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.get("step") == other.get("step") == "scan":
            return one["pid"] == other["pid"]  # when it was found
        return set(one) == set(other) and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    stamps = [isinstance(x, str) and STAMP.match(x) for x in (one, other)]
    if all(stamps):
        return abs(float(stamps[0][1]) - float(stamps[1][1])) % 60 < 2e-5
    return one == other


def unlike(what, one, other, fields=None):
    """Differences of two objects in what both of them tell."""
    for field in fields or sorted(set(one) & set(other)):
        if field == "cookie" and None in (one[field], other[field]):
            continue  # the kernel makes one when it is first asked for it
        if not same(one[field], other[field]):
            yield f"{what}: {field} is {one[field]!r} and {other[field]!r}"


# ---- ports and port ---------------------------------------------------------------------------

def queries(moment, s):
    """Everything by which the socket can be asked for; live, where each takes a scan, one by turns."""
    local, port = s["local"], s["local"].rsplit(":", 1)[-1]
    forms = [local, "unix:" + local] if s["proto"] == "unix" else \
        [port, f"{s['proto']}/{local}", local, f"{s['proto']}/{port}"]
    return [forms[s["inode"] % len(forms)]] if moment.of else forms


def port_questions(moment):
    asked = [(s, queries(moment, s)) for s in moment.ports()]
    return sorted({("--json", "port", q) for _, forms in asked for q in forms} |
                  {("port", forms[0]) for _, forms in asked})


def port_differences(moment):
    """What `ports` shows `port` finds, by whatever name, and says the same of it."""
    here = own_netns()
    for s in moment.ports():
        for q in queries(moment, s):
            answer = moment.json("port", q)[0]
            found = [x for x in answer["sockets"] if key_of(x) == key_of(s)]
            if len(found) != 1:
                yield f"{named(s)} is found {len(found)} times by `port {q}`"
                continue
            yield from unlike(f"{named(s)} in `ports` and in `port {q}`", s, found[0])
            elsewhere = s["netns"] != here and not s["local"].startswith("/")
            if found[0]["elsewhere"] != elsewhere:
                yield f"{named(s)}: `port {q}` says elsewhere: {found[0]['elsewhere']}"
            if not elsewhere and not answer["held"]:
                yield f"{named(s)} is there and `port {q}` says that nothing holds it"
        q = queries(moment, s)[0]
        text = moment.text("port", q)
        verdict = f"Verdict: {s['verdict']} {'—' if s['certain'] else '(not certain)'}"
        if verdict not in text:
            yield f"{named(s)}: `port {q}` does not say {verdict!r}: {text}"
        if s["netns"] == here and "it is free" in text:
            yield f"{named(s)}: `port {q}` says that it is free: {text}"


def modes_differ(full, lean, late):
    """In the end all modes see the same sockets, states and holders, and the same leaks."""
    told = [{key_of(s): s for s in m.ports()} for m in (full, lean, late)]
    for key in set.union(*map(set, told)):
        rows = [t.get(key) for t in told]
        if None in rows:
            yield f"{key}: in full, lean, late: {[r and r['verdict'] for r in rows]}"
            continue
        holders = [sorted((h["pid"], h["tid"] or 0, h["state"], str(h["fds"])) for h in r["holders"]) for r in rows]
        if holders.count(holders[0]) != 3:
            yield f"{named(rows[0])}: held in full, lean, late by {holders}"
        if len({r["state"] for r in rows}) > 1 or len({r["verdict"] == "leaked" for r in rows[:2]}) > 1:
            yield f"{named(rows[0])}: in full, lean, late {[(r['state'], r['verdict'], r['why']) for r in rows]}"
        if rows[2]["verdict"] == "leaked" or any(r["certain"] and r["verdict"] == "leaked" for r in rows[1:]):
            yield f"{named(rows[0])} is said to leak for certain by who has not watched it"
    dead = [{(z["pid"], z["ppid"], z["reason"]) for z in m.zombies()} for m in (full, lean)]
    if dead[0] != dead[1]:
        yield f"zombies, full alone: {sorted(dead[0] - dead[1])}, lean alone: {sorted(dead[1] - dead[0])}"


def own_netns():
    return os.stat("/proc/self/ns/net").st_ino


# ---- ports and pid ----------------------------------------------------------------------------

def pid_differences(moment, pids):
    """A holder's own answer has the socket by the same descriptors, and no socket on offer besides."""
    offers = {key_of(s): s for s in moment.ports()}
    held = {}
    for s in offers.values():
        for h in s["holders"]:
            held.setdefault(h["pid"], {})[key_of(s), h["tid"]] = h
            yield from process_differences(moment, f"holder of {named(s)}", h)
        if s["creator"]:
            yield from process_differences(moment, f"creator of {named(s)}", s["creator"])
    for pid in sorted(set(held) if moment.of else pids | set(held)):
        answer = moment.pid(pid)
        if answer is None:
            if pid in held:
                yield f"{pid} holds {held[pid]} and is not known to `pid`"
            continue
        yield from descriptors_differ(answer, held.get(pid, {}), offers)


def process_differences(moment, what, told):
    answer = moment.pid(told["pid"])
    if answer is None or not same(answer["start"], told["start"]):
        if told["state"] != "dead":
            yield f"{what}: `pid {told['pid']}` does not know it"
        return
    yield from unlike(f"{what}, {told['comm']}[{told['pid']}], here and in `pid`", told, answer,
                      ("comm", "exe", "args", "state"))
    if told.get("exit"):
        yield from unlike(f"{what}: its end here and in `pid`", told["exit"], answer["exit"] or {})


def descriptors_differ(answer, held, offers):
    """The descriptors of a process as `ports` tells them (held) and as `pid` does."""
    theirs, pid = {}, f"{answer['comm']}[{answer['pid']}]"
    for (key, _), h in held.items():
        for f in h["fds"]:
            theirs[key, f["fd"], f["cloexec"]] = h["via"]
    mine = {(key_of(s), s["fd"], s["cloexec"]): s for s in answer["sockets"] if key_of(s) in offers}
    if set(theirs) != set(mine):
        yield f"{pid} holds in `ports` {sorted(theirs, key=str)}, in `pid` {sorted(mine, key=str)}"
    for (key, fd, _), s in mine.items():
        yield from unlike(f"{pid} fd {fd} in `pid` and in `ports`", s, offers[key])
        holders = len({h["pid"] for h in offers[key]["holders"]})
        if s["refs"] != holders:
            yield f"{pid} fd {fd}: held by {s['refs']} in `pid`, by {holders} in `ports`"


# ---- tree, zombies and pid --------------------------------------------------------------------

def tree_differences(moment):
    """State, parent, sockets and zombies of every process."""
    tree = moment.tree()
    for pid, row in tree.items():
        if moment.of and not row["sockets"] + row["zombies"]:
            continue  # live, where each takes a scan, those of whom there is something to say
        answer = moment.pid(pid)
        if answer is None:
            yield f"{pid} is in the tree and not known to `pid`"
            continue
        yield from unlike(f"{row['comm']}[{pid}] in `tree` and in `pid`", row, answer,
                          ("comm", "args", "state", "ppid", "zombies"))
        if row["sockets"] != len(answer["sockets"]):
            yield f"{row['comm']}[{pid}]: {row['sockets']} sockets in `tree`, {len(answer['sockets'])} in `pid`"
    dead = {z["pid"] for z in moment.zombies() if z["reason"] not in NO_ZOMBIES}
    shown = {pid for pid, row in tree.items() if row["state"] == "zombie"}
    if dead != shown:
        yield f"zombies by `zombies` alone: {sorted(dead - shown)}, by `tree` alone: {sorted(shown - dead)}"


def zombie_differences(moment):
    counts = {}
    for z in moment.zombies():
        what = f"zombie {z['comm']}[{z['pid']}]"
        if z["parent"] and z["reason"] not in NO_ZOMBIES:
            counts[z["ppid"]] = counts.get(z["ppid"], 0) + 1
        if moment.of and counts.get(z["ppid"], 0) > 3:
            continue  # live, where each takes a scan, some of those who are alike
        answer = moment.pid(z["pid"])
        if answer is None:
            yield f"{what} is not known to `pid`"
            continue
        yield from unlike(f"{what} in `zombies` and in `pid`", z, answer, ("comm", "start", "nspid", "ppid", "exit"))
        state = z["reason"] if z["reason"] in NO_ZOMBIES else "zombie"
        if answer["state"] != state:
            yield f"{what} is {state} in `zombies` and {answer['state']} in `pid`"
        parent = z["parent"] and moment.pid(z["parent"]["pid"])
        if parent:
            yield from unlike(f"parent of {what} in `zombies` and in `pid`", z["parent"], parent,
                              ("comm", "exe", "args", "state", "nspid"))
    for pid, n in counts.items():
        if moment.pid(pid)["zombies"] != n:
            yield f"{pid} has {n} zombies in `zombies`, {moment.pid(pid)['zombies']} in `pid`"


# ---- text and JSON ----------------------------------------------------------------------------

def ports_text_differences(moment):
    """Each row of the table, and the sum below it."""
    said, rows = moment.text("ports"), moment.json("ports")
    lines = [re.split(r"  +", line) for line in said.split("\n\n")[0].split("\n")[1:]]
    if len(lines) != len(rows):
        yield f"`ports` tells {len(rows)} sockets as JSON and {len(lines)} in its table"
    for line, s in zip(lines, rows):
        local = s["local"] + (f" netns:{s['netns']}" if "netns:" in line[1] else "")
        maker = s["creator"] and f"{s['creator']['comm']}[{s['creator']['pid']}]"
        if (line[0], line[1], line[2], line[5]) != (s["proto"], local, s["state"], s["verdict"]):
            yield f"{named(s)} {s['verdict']} in the table: {line}"
        if maker and line[3].lstrip("†") != maker or maker and ("†" in line[3]) != (s["creator"]["state"] == "dead"):
            yield f"{named(s)}: made by {s['creator']}, in the table: {line}"
        if s["holders"] and not any(line[4].startswith(f"{h['comm']}[{h['pid']}]") for h in s["holders"]):
            yield f"{named(s)}: held by {s['holders']}, in the table: {line}"
        more = len({h["pid"] for h in s["holders"]}) - 1
        if (f"+{more}" in line[4]) != (more > 0):
            yield f"{named(s)}: held by {more + 1}, in the table: {line}"
    total = re.search(r"^(\d+) sockets?: (.*?)\.(?: |$)", said, re.M)
    sums = dict(reversed(part.split()) for part in total[2].split(", "))
    for verdict in {s["verdict"] for s in rows} | set(sums):
        if int(sums.get(verdict, 0)) != sum(s["verdict"] == verdict for s in rows):
            yield f"`ports` counts {total[0]!r}: not so many are {verdict}"


def zombies_text_differences(moment):
    said, rows = moment.text("zombies"), moment.json("zombies")
    dead = [z for z in rows if z["reason"] not in NO_ZOMBIES]
    parents = {z["ppid"] for z in dead}
    total = re.search(r"^(\d+) zombies? of (\d+) parents?", said, re.M)
    if dead and (not total or (int(total[1]), int(total[2])) != (len(dead), len(parents))):
        yield f"`zombies` tells {len(dead)} of {len(parents)} as JSON, and in words {total and total[0]}"
    for reason in {z["reason"] for z in dead}:
        if f"Reason: {reason}:" not in said:
            yield f"`zombies` does not tell the reason {reason} in words"


def pid_text_differences(moment, pids):
    for pid in sorted(pids):
        answer = moment.pid(pid)
        if answer is None or answer["state"] == "running" and not answer["sockets"]:
            continue
        said = moment.text("pid", pid)
        if not said.startswith(f"{answer['comm']}[{pid}]  {answer['state']}"):
            yield f"`pid {pid}` is {answer['state']} as JSON and in words {said[:80]!r}"
        if len(answer["sockets"]) <= 20:
            for s in answer["sockets"]:
                local = s["local"] or "(unnamed)"
                if not re.search(rf"^ *{s['fd']}(/\d+)? .*{re.escape(local)}.*  +{s['refs']}$", said, re.M):
                    yield f"`pid {pid}` in words does not have fd {s['fd']} {local} held by {s['refs']}: {said}"


# ---- the report -------------------------------------------------------------------------------

def report_differences(moment):
    """What the report ends with is how it stands; whoever has a socket to the end holds it."""
    report, offers = moment.json("report")[0], {key_of(s): s for s in moment.ports()}
    tree, dead = moment.tree(), [z for z in moment.zombies() if z["reason"] not in NO_ZOMBIES]
    leaked = {k for k, s in offers.items() if s["verdict"] == "leaked"}
    for s in report["end"]["sockets"]:
        leaked.discard(key_of(s))
        yield from unlike(f"{named(s)} at the end of the report and in `ports`", s, offers.get(key_of(s), {}))
        if key_of(s) not in offers:
            yield f"{named(s)} stands at the end of the report and not in `ports`"
    said = moment.text("report")
    more = re.search(r"^(\d+) more (?:is|are) leaked", said, re.M)
    if len(leaked) and not more or more and int(more[1]) < len(leaked):
        yield f"the report does not end with the leaked {leaked}"
    alive = sum(p["state"] != "zombie" for p in tree.values())
    total = (f"{alive} processes, {len(dead)} zombie{'s' * (len(dead) != 1)}; {len(offers)} sockets bound or "
             f"listening, {sum(s['verdict'] == 'leaked' for s in offers.values())} leaked.")
    if total not in said:
        yield f"the report does not say {total!r}: {said[:600]}"
    yield from suspect_differences(moment, said)
    for s in report["sockets"]:
        now = next((o for k, o in offers.items() if k[-1] == (s["inode"] or s["cookie"]) and k[3] == s["netns"]), None)
        if now is None:
            if s["gone"] is None and s["verdict"] == "leaked":
                yield f"{named(s)} is leaked in the report and not in `ports`"
            continue
        yield from unlike(f"{named(s)} in the report and in `ports`", s, now, ("proto", "local", "verdict", "opened"))
        if s["gone"]:
            yield f"{named(s)} is gone in the report, and in `ports`"
        yield from tenure_differences(s, now)
    n = sum(z["left"] for z in report["zombies"])
    late = sum(z["reason"] != "recent" for z in dead)
    if not report["left_out"]["zombies"] and not late <= n <= len(dead):
        yield f"{n} zombies are left in the report, {late} to {len(dead)} in `zombies`"


def suspect_differences(moment, report):
    """Of whom the exporter says that they are suspected, that is said by whoever tells of leaks."""
    suspects = [s for s in moment.ports() if s.get("suspected")]
    said = moment.text("ports", "--leaked")
    n = re.search(r"^(\d+) (?:is|are) suspected", said, re.M)
    if len(suspects) != int(n[1] if n else 0):
        yield f"{len(suspects)} are suspected in `ports`, in `ports --leaked`: {said}"
    n = re.search(r"^ *(\d+) more (?:is|are) suspected", report, re.M)
    if len(suspects) != int(n[1] if n else 0):
        yield f"{len(suspects)} are suspected in `ports`, in the report: {report[:600]}"
    for s in suspects:
        if s["verdict"] != "held" or "looks leaked" not in s["why"] or s["creator"]:
            yield f"{named(s)} is suspected: {s}"


def tenure_differences(s, now):
    theirs = {(h["pid"], h["via"], h["used"]) for h in now["holders"]}
    mine = {(h["process"]["pid"], h["via"], h["used"]) for h in s["holders"] if h["to"] is None}
    if theirs != mine:
        yield f"{named(s)}: held to the end of the report by {sorted(mine, key=str)}, in `ports` by {sorted(theirs, key=str)}"


# ---- the exporter -----------------------------------------------------------------------------

def census(moment):
    """Everything the exporter counts, as the commands tell it: {(metric, labels): number}."""
    rows, dead = moment.json("ports"), [z for z in moment.json("zombies") if z["reason"] not in NO_ZOMBIES]
    counts = {}

    def add(metric, n=1, **labels):
        key = metric, frozenset(labels.items())
        counts[key] = counts.get(key, 0) + n

    for p in moment.json("tree"):
        add("probate_processes", state=FLEETING.get(p["state"], p["state"]))
    for z in dead:
        add("probate_zombies", reason=z["reason"])
        add("probate_zombies_by_parent", program=z["parent"]["comm"])
    for s in rows:
        add("probate_sockets", proto=s["proto"], state=(s["state"] or "unknown").lower(), verdict=s["verdict"])
        add("probate_socket_holders", len({h["pid"] for h in s["holders"]}), proto=s["proto"])
        if s["verdict"] == "leaked":
            add("probate_leaked_sockets", proto=s["proto"])
        if s.get("suspected"):
            add("probate_suspected_leaked_sockets", proto=s["proto"])
    return counts


FLEETING = {"blocked": "running", "vfork-wait": "running"}  # what others fall into between two scans, and leave
COUNTED = {"probate_processes", "probate_zombies", "probate_zombies_by_parent", "probate_sockets",
           "probate_socket_holders", "probate_leaked_sockets", "probate_suspected_leaked_sockets"}


def metric_differences(moments, scrape, churn):
    """Each number is right in the moments round the scrape, but for so many who came or went."""
    truths = [census(m) for m in moments]
    got = {}
    for (metric, labels), n in scrape.items():
        if metric in COUNTED:
            key = metric, frozenset((k, FLEETING.get(v, v) if k == "state" else v) for k, v in labels)
            got[key] = got.get(key, 0) + n
    for key in {k for t in truths for k in t} | set(got):
        may = [t.get(key, 0) for t in truths]
        if not min(may) - churn <= got.get(key, 0) <= max(may) + churn:
            yield f"{key[0]} {dict(key[1])} is {got.get(key, 0):.0f}, by the commands {may}"


def page_differences(moments, page, churn):
    """The figures of the page, and every socket and zombie it names, both ways."""
    tables, truths = Tables(page), [census(m) for m in moments]
    figures = dict((what, int(n)) for n, what in re.findall(r"<li[^>]*><b>(\d+)</b>(?:<a [^>]*>)?([a-z ]+)", page))

    def total(metric, **labels):
        return [sum(n for (m, has), n in t.items() if m == metric and set(labels.items()) <= has) for t in truths]

    wanted = {"leaked port": total("probate_leaked_sockets"), "suspected": total("probate_suspected_leaked_sockets"),
              "zombie": [n - recent for n, recent in zip(total("probate_zombies"),
                                                    total("probate_zombies", reason="recent"))],
              "process": [sum(n for (m, has), n in t.items() if m == "probate_processes" and
                              ("state", "zombie") not in has) for t in truths],
              "listening socket": total("probate_sockets", state="listen")}
    for what, may in wanted.items():
        n = next((n for told, n in figures.items() if told.removesuffix("es" if what == "process" else "s") == what), None)
        if n is None or not min(may) - churn <= n <= max(may) + churn:
            yield f"{what}: {n} on the page, by the commands {may}"
    yield from page_rows(moments, tables)


def page_rows(moments, tables):
    for table, is_in in ("leaked", lambda s: s["verdict"] == "leaked"), ("suspected", lambda s: s.get("suspected")):
        ever = [{f"{s['proto']} {s['local']}" for s in m.json("ports") if is_in(s)} for m in moments]
        rows = {row[0].split("\xa0")[0].split(" netns")[0].strip() for row in tables.tables[table] if row}
        for local in set.intersection(*ever) - rows:
            yield f"{local} is {table} and not on the page: {rows}"
        for local in rows - set.union(*ever):
            yield f"{local} is {table} on the page and nowhere else"
    groups = [{(f"{z['parent']['comm']}[{z['ppid']}]", z["reason"]) for z in m.json("zombies")
               if z["reason"] not in (*NO_ZOMBIES, "recent")} for m in moments]
    shown = {(re.match(r".*?\[\d+\]", row[0])[0], row[2]) for row in tables.tables["zombies"] if row}
    for group in set.intersection(*groups) - shown:
        yield f"zombies of {group} are not on the page"
    for group in shown - set.union(*groups):
        yield f"zombies of {group} are on the page and nowhere else"


def fail(differences, most=12):
    errors = list(differences)
    if errors:
        more = [f"... and {len(errors) - most} more"] if len(errors) > most else []
        pytest.fail("\n".join(e[:1500] for e in errors[:most] + more))
