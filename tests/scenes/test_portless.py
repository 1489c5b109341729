"""Sockets of families and types without ports: listed by type and holder, the same by every view."""
import json
import socket
import subprocess
import sys

import pytest

ACTOR = """
import json, os, socket, sys
told = {}
def make(what, *args):
    try:
        s = socket.socket(*args)
    except OSError:
        return None
    told[what] = os.fstat(s.fileno()).st_ino
    kept.append(s)
    return s
kept = []
make("route", socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0))
told["portid"] = kept[0].getsockname()[0]
make("uevent", socket.AF_NETLINK, socket.SOCK_DGRAM, 15)
make("packet", socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x806)).bind(("lo", 0x806))
make("icmp", socket.AF_INET, socket.SOCK_RAW, 1)
make("icmp6", socket.AF_INET6, socket.SOCK_RAW, 58)
v = make("vsock", socket.AF_VSOCK, socket.SOCK_STREAM, 0)
if v:
    v.bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))
    v.listen(1)
    told["vport"] = v.getsockname()[1]
print(json.dumps(told), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def actor(obstacle):
    if obstacle:
        pytest.skip(obstacle)
    p = subprocess.Popen([sys.executable, "-c", ACTOR], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p.facts = json.loads(p.stdout.readline())
    yield p
    p.communicate()


def names(actor):
    """inode -> proto, name and state"""
    f = actor.facts
    lo = socket.if_nametoindex("lo")
    want = {f["route"]: ("netlink", f"rtnl:{f['portid']}", "UNCONN"), f["uevent"]: ("netlink", "uevent:*", "UNCONN"),
            f["packet"]: ("packet", f"arp:if{lo}", "UNCONN"), f["icmp"]: ("raw", "*:icmp", "UNCONN"),
            f["icmp6"]: ("raw", "*:icmp6", "UNCONN")}
    if "vsock" in f:
        want[f["vsock"]] = ("vsock", f"*:{f['vport']}", "LISTEN")
    return want


def rows(objects, actor):
    want = names(actor)
    return {o["inode"]: (o["proto"], o["local"], o["state"]) for o in objects
            if o.get("inode") in want and not o.get("gone")}


def held_by(objects, actor):
    return all([h["pid"] for h in o["holders"]] == [actor.pid] for o in objects
               if o["inode"] in names(actor) and not o.get("gone"))


def test_late(probate, actor):
    want = names(actor)
    said = probate("ports", "--all", "--json").objects
    assert rows(said, actor) == want and held_by(said, actor)
    assert not rows(probate("ports", "--json").objects, actor)
    one = probate("pid", "--json", actor.pid).one()
    assert {s["inode"]: (s["proto"], s["local"], s["state"]) for s in one["sockets"]} == want


def test_text(probate, actor):
    few, every = (subprocess.run([probate.path, "ports", *more], stdout=subprocess.PIPE, text=True, timeout=60,
                                 check=True).stdout for more in ((), ("--all",)))
    assert "more without a port: " in few and "`probate ports --all` lists them." in " ".join(few.split())
    assert "more without" not in every and f"[{actor.pid}]" not in few
    assert len([x for x in every.split("\n") if f"[{actor.pid}]" in x]) == len(names(actor))


def test_proc(probate, actor):
    """What /proc shows of them: nothing of a netlink socket that is not bound, and no vsock's address."""
    said = rows(probate("--no-bpf", "ports", "--all", "--json").objects, actor)
    want = {i: ("netlink", "?:*", None) if i == actor.facts["uevent"] else ("vsock", None, None)
            if w[0] == "vsock" else w for i, w in names(actor).items()}
    assert said == want


def test_live(watch, actor):
    w = watch("ports", "--all", "-w", "--json")
    assert w.poll(lambda objects: rows(objects, actor) == names(actor) and held_by(objects, actor)), \
        rows(w.objects, actor)
    w.moment(lambda objects: rows(objects, actor) == names(actor))
