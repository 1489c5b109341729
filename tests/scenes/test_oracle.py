"""Other tools as oracles: what ss and /proc/net see, probate must see; and who sees the holder.

    pytest -s -k oracle_table     prints the table of probate, ss, lsof and fuser
"""
import re

import pytest

from truth import find, told, until

BACKDROP = ["listener", "udp-dead", "unix-dead", "v6-dual", "fork-alive", "netns"]

# scene: what to ask the other tools for; a connection or a listener by port, a UNIX socket by path
TABLE = ["listener", "fork-exec-dead", "udp-dead", "unix-dead", "prefork", "scm", "pidfd-getfd",
         "headless", "thread-files", "clone-files", "bound-only", "connected-port", "netns",
         "conn-inherited", "close-wait", "stopped-holder", "reuseport", "time-wait",
         "scm-in-flight", "kernel-socket"]


# ---- ss and /proc/net -------------------------------------------------------------------------

def ss_local(text):
    """ss writes * for the dual-stack [::], and adds the device of a bound one."""
    host, port = text.rsplit(":", 1)
    host = "[::]" if host == "*" else re.sub(r"%[^\]]*", "", host)
    return f"{host}:{port}"


def ss_users(line):
    return {(int(p), int(f)) for p, f in re.findall(r"pid=(\d+),fd=(\d+)", line)}


def ss_inet(tool):
    """{inode: (proto, local, {(pid, fd)})} of listening TCP and unconnected UDP sockets."""
    rows = {}
    for line in tool("ss", "-H", "-tulnpe").splitlines():
        word = line.split()
        inode = re.search(r"\bino:(\d+)", line)
        if inode and int(inode[1]):
            rows[int(inode[1])] = (word[0], ss_local(word[4]), ss_users(line))
    return rows


def ss_unix(tool):
    """The same for UNIX listeners; the inode stands where others have the port."""
    rows = {}
    for line in tool("ss", "-H", "-xlnp").splitlines():
        word = line.split()
        if word[0].startswith("u_") and word[1] == "LISTEN" and word[5].isdigit():
            rows[int(word[5])] = ("unix", word[4], ss_users(line))
    return rows


def proc_net():
    """Inodes of listening TCP, of UDP and of named listening UNIX sockets, by /proc/net."""
    inodes = set()
    for name in ("tcp", "tcp6", "udp", "udp6"):
        with open(f"/proc/net/{name}") as f:
            rows = [line.split() for line in list(f)[1:]]
        inodes |= {int(r[9]) for r in rows if r[3] == ("0A" if "tcp" in name else "07")}
    with open("/proc/net/unix") as f:
        rows = [line.split() for line in list(f)[1:]]
    inodes |= {int(r[6]) for r in rows if len(r) > 7 and int(r[3], 16) & 0x10000}
    return inodes - {0}


def held(answer):
    return {(h["pid"], f["fd"]) for h in answer["holders"] for f in h["fds"]}


def misses(answers, rows):
    """What a tool sees and probate does not, or sees otherwise; seeing more is no miss."""
    errors = []
    for inode, (proto, local, users) in rows.items():
        got = answers.get(inode)
        if not got:
            errors.append(f"{proto} {local} inode {inode} is not in the answer")
        elif (got["proto"], got["local"]) != (proto, local):
            errors.append(f"inode {inode} is {got['proto']} {got['local']}, not {proto} {local}")
        elif users - held(got):
            errors.append(f"{proto} {local}: holders {users - held(got)} are missing")
    return errors


def test_oracle_ss(probate, scene, tool):
    """What ss shows before and after is in the answer between, with its holders."""
    for name in BACKDROP:
        scene(name)

    def errors():
        before = {**ss_inet(tool), **ss_unix(tool)}
        answers = {s["inode"]: s for s in probate("ports", "--json").objects}
        after = {**ss_inet(tool), **ss_unix(tool)}
        return misses(answers, {i: row for i, row in before.items() if after.get(i) == row})

    left = until(errors, 2)  # a second look, for what changed hands between the three
    if left:
        pytest.fail(told(left))


def test_oracle_proc_net(probate, scene):
    """Every inode that /proc/net shows before and after is in the answer between."""
    for name in BACKDROP:
        scene(name)
    before = proc_net()
    answers = {s["inode"] for s in probate("ports", "--json").objects}
    left = (before & proc_net()) - answers
    assert not left, f"inodes {left} are not in the answer"


def test_oracle_parsers_see(scene, tool):
    """The oracles themselves are not blind: they show the scenes' own sockets and holders."""
    scenes = [scene(name) for name in ("listener", "udp-dead", "unix-dead", "v6-dual")]
    rows = {**ss_inet(tool), **ss_unix(tool)}
    inodes = proc_net()
    for truth in (t for s in scenes for t in s["sockets"]):
        proto, local, users = rows[truth["inode"]]
        assert (proto, local) == (truth["proto"], truth["local"])
        assert {(h["pid"], h["fds"][0]) for h in truth["holders"]} <= users
        assert truth["inode"] in inodes


# ---- who sees the holder ----------------------------------------------------------------------

def cell(expected, seen, port_shown):
    """In a word: what a tool says about who holds the port."""
    if expected and expected <= seen:
        return "holder"
    if expected & seen:
        return "some"
    return "port only" if port_shown else "nothing"


def wanted(s):
    """Sockets the question is about, and all the pids that hold them."""
    sockets = [t for t in s["sockets"] if t["proto"] == "unix" or t["port"] == s["port"]]
    return sockets, {h["pid"] for t in sockets for h in t["holders"]}


def say_ss(tool, s, sockets):
    if sockets[0]["proto"] == "unix":
        lines = [line for line in tool("ss", "-H", "-xanp").splitlines()
                 if any(t["local"] in line for t in sockets)]
    else:
        lines = tool("ss", "-H", "-tuanp", f"sport = :{s['port']}").splitlines()
    return {pid for line in lines for pid, _ in ss_users(line)}, bool(lines)


def say_lsof(tool, s, sockets):
    if sockets[0]["proto"] == "unix":
        pids, pid = set(), None
        for line in tool("lsof", "-nP", "-U", "-Fpn").splitlines():
            pid = int(line[1:]) if line[0] == "p" else pid
            if line[0] == "n" and any(t["local"] in line for t in sockets):
                pids.add(pid)
        return pids, bool(pids)
    out = tool("lsof", "-nP", "-t", f"-i:{s['port']}").split()
    return {int(p) for p in out}, bool(out)


def say_fuser(tool, s, sockets):
    if sockets[0]["proto"] == "unix":
        out = tool("fuser", sockets[0]["local"]).split()
    else:
        out = tool("fuser", f"{s['port']}/{sockets[0]['proto']}").split()
    pids = {int(re.sub(r"\D", "", p)) for p in out if re.match(r"\d", p)}
    return pids, bool(pids)


def say_probate(probate, s, sockets):
    if sockets[0]["proto"] == "unix":
        answers = probate("ports", "--json").objects
    else:
        answers = probate("port", "--json", s["port"]).one()["sockets"]
    found = [a for a in (find(t, answers) for t in sockets) if a]
    if not found:
        found = [a for a in answers if a["state"] == sockets[0]["state"]]
    pids = {h["pid"] for a in found for h in a["holders"]}
    return pids, bool(found)


def table_row(name, s, tool, run):
    sockets, expected = wanted(s)
    row = {"scene": name, "probate": "-"}
    if run:
        row["probate"] = cell(expected, *say_probate(run, s, sockets))
    row["ss"] = cell(expected, *say_ss(tool, s, sockets))
    row["lsof"] = cell(expected, *say_lsof(tool, s, sockets))
    row["fuser"] = cell(expected, *say_fuser(tool, s, sockets))
    return row, expected


def test_oracle_table(scene, tool, obstacle, request):
    """Who names every holder of the port: probate must, in every scene where there is one."""
    run = None if obstacle else request.getfixturevalue("probate")
    rows, wrong = [], []
    for name in TABLE:
        s = scene(name)
        row, expected = table_row(name, s, tool, run)
        rows.append(row)
        if run and row["probate"] != ("holder" if expected else "port only"):
            wrong.append(row)
        s.end()
    columns = ["scene", "probate", "ss", "lsof", "fuser"]
    print("\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(f"`{row[c]}`" if c == "scene" else row[c] for c in columns) + " |")
    assert not wrong, wrong
    if obstacle:
        pytest.skip(obstacle)
