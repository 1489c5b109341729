"""Sockets of every kind on ports of their own, and what bind() really says to each of them.

Runs in a network namespace of its own.  Says {} when that is ready, makes the sockets at a line of
standard input, and says {"cells": [{"name", "proto", "port"}]}; at another it tries the binds and says
{"binds": [{ADDRESS: {FLAGS: works}} of each cell]}.  It keeps the sockets until its standard input ends.
"""
import json
import os
import socket
import struct
import subprocess
import sys

RA, RP, DEV = 1, 2, 4  # SO_REUSEADDR, SO_REUSEPORT, SO_BINDTODEVICE to lo
OTHER_UID = 54321
V4, V6 = socket.AF_INET, socket.AF_INET6
LINGER_0 = struct.pack("ii", 1, 0)

# name: (family, V6ONLY, address to bind, family and address that a peer connects to)
OLD = {
    "any4": (V4, 0, "0.0.0.0", V4, "127.0.0.1"),
    "loop4": (V4, 0, "127.0.0.1", V4, "127.0.0.1"),
    "other4": (V4, 0, "10.9.0.1", V4, "10.9.0.1"),
    "dual": (V6, 0, "::", V6, "::1"),
    "dual-by-4": (V6, 0, "::", V4, "127.0.0.1"),
    "only6": (V6, 1, "::", V6, "::1"),
    "loop6": (V6, 0, "::1", V6, "::1"),
    "other6": (V6, 0, "fd00::9", V6, "fd00::9"),
    "mapped": (V6, 0, "::ffff:127.0.0.1", V4, "127.0.0.1"),
    "mapped-any": (V6, 0, "::ffff:0.0.0.0", V4, "127.0.0.1"),
}
NEW = ("0.0.0.0", "127.0.0.1", "10.9.0.1", "::", "::1", "fd00::9", "::ffff:127.0.0.1",
       "::ffff:10.9.0.1", "::ffff:0.0.0.0")
NEW_FLAGS = {"plain": (0, 0), "reuseaddr": (RA, 0), "reuseport": (RP, 0), "both": (RA | RP, 0),
             "reuseport_other": (RP, OTHER_UID)}
kept = []


def made(family, kind, flags=0, only=0):
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(flags & RA))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(bool(flags & RP)))
    if flags & DEV:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    if family == V6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
    return s


# ---- TCP: a function a state; each gives the port ---------------------------------------------

def bound(old, flags, kind=socket.SOCK_STREAM):
    s = made(old[0], kind, flags, old[1])
    s.bind((old[2], 0))
    kept.append(s)
    return s


def listener(old, flags):
    s = bound(old, flags)
    s.listen()
    return s


def accepted(old, flags):
    """(port, its end, the peer's end), the listener closed."""
    s = listener(old, flags)
    port = s.getsockname()[1]
    peer = socket.socket(old[3])
    peer.connect((old[4], port))
    end = s.accept()[0]
    kept.remove(s)
    s.close()
    kept.extend((end, peer))
    return port, end, peer


def reset(end, peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    peer.close()
    try:
        end.recv(1)
    except ConnectionError:
        pass


def connected(old, flags, bind):
    """A client; (its end, the server's end)."""
    server = socket.socket(old[3])
    server.bind((old[4], 0))
    server.listen()
    s = made(old[0], socket.SOCK_STREAM, flags, old[1])
    if bind:
        s.bind((old[2], 0))
    mapped = old[0] == V6 and old[3] == V4
    s.connect(("::ffff:" + old[4] if mapped else old[4], server.getsockname()[1]))
    end = server.accept()[0]
    kept.extend((server, s, end))
    return s, end


def established(old, flags):
    return accepted(old, flags)[0]


def close_wait(old, flags):
    port, end, peer = accepted(old, flags)
    peer.close()
    end.recv(1)
    return port


def fin_wait(old, flags):
    port, end, peer = accepted(old, flags)
    end.close()
    peer.recv(1)
    return port


def time_wait(old, flags):
    port, end, peer = accepted(old, flags)
    end.close()
    peer.recv(1)
    peer.close()
    return port


def over(old, flags):
    port, end, peer = accepted(old, flags)
    peer.close()
    end.recv(1)
    end.shutdown(socket.SHUT_RDWR)
    return port


def over_by_reset(old, flags):
    port, end, peer = accepted(old, flags)
    reset(end, peer)
    return port


def shut_listener(old, flags):
    s = listener(old, flags)
    s.shutdown(socket.SHUT_RDWR)
    return s.getsockname()[1]


def client(old, flags):
    return connected(old, flags, True)[0].getsockname()[1]


def client_reset(old, flags):
    s, end = connected(old, flags, True)
    port = s.getsockname()[1]
    reset(s, end)
    return port


def client_unbound(old, flags):
    return connected(old, flags, False)[0].getsockname()[1]


def client_unbound_reset(old, flags):
    s, end = connected(old, flags, False)
    port = s.getsockname()[1]
    reset(s, end)
    return port


def client_unbound_time_wait(old, flags):
    s, end = connected(old, flags, False)
    port = s.getsockname()[1]
    s.close()
    end.recv(1)
    end.close()
    return port


def refused(old, flags):
    s = bound(old, flags)
    port = s.getsockname()[1]
    mapped = old[0] == V6 and old[3] == V4
    try:
        s.connect(("::ffff:" + old[4] if mapped else old[4], 9))
    except ConnectionError:
        pass
    return port


# ---- UDP ----------------------------------------------------------------------------------------

def udp_connected(old, flags, bind=True):
    s = bound(old, flags, socket.SOCK_DGRAM) if bind else made(old[0], socket.SOCK_DGRAM, flags, old[1])
    kept.append(s)
    mapped = old[0] == V6 and old[3] == V4
    s.connect(("::ffff:" + old[4] if mapped else old[4], 9))
    return s.getsockname()[1]


def udp_unbound(old, flags):
    return udp_connected(old, flags, False)


TCP = {
    "bound": lambda old, flags: bound(old, flags).getsockname()[1],
    "listen": lambda old, flags: listener(old, flags).getsockname()[1],
    "established": established, "close-wait": close_wait, "fin-wait": fin_wait,
    "time-wait": time_wait, "over": over, "over-by-reset": over_by_reset,
    "shut-listener": shut_listener, "client": client, "client-reset": client_reset,
    "client-unbound": client_unbound, "client-unbound-reset": client_unbound_reset,
    "client-unbound-time-wait": client_unbound_time_wait, "refused": refused,
}
UDP = {
    "bound": lambda old, flags: bound(old, flags, socket.SOCK_DGRAM).getsockname()[1],
    "connected": udp_connected, "unbound": udp_unbound,
}


# ---- the real bind ------------------------------------------------------------------------------

def bind_works(proto, address, port, flags, uid):
    os.seteuid(uid)
    try:
        s = made(V6 if ":" in address else V4, proto, flags)
    finally:
        os.seteuid(0)
    try:
        s.bind((address, port))
        return True
    except OSError:
        return False
    finally:
        s.close()


def binds(proto, port):
    return {address: {name: bind_works(proto, address, port, *how)
                      for name, how in NEW_FLAGS.items()} for address in NEW}


def cells():
    made_of = []
    for proto, states in (("tcp", TCP), ("udp", UDP)):
        for state, make in states.items():
            for name, old in OLD.items():
                for flags in (0, RA, RP, RA | RP, DEV, DEV | RA | RP):
                    if flags and name not in ("any4", "dual", "loop6"):
                        continue
                    made_of.append(dict(name=f"{proto} {state} {name} flags={flags}", proto=proto,
                                        flags=flags, port=make(old, flags)))
    return made_of


def main():
    for command in ("ip link set lo up", "ip addr add 10.9.0.1/32 dev lo",
                    "ip addr add fd00::9/128 dev lo nodad"):
        subprocess.run(command.split(), check=True)
    print("{}", flush=True)
    if sys.stdin.readline():
        made_of = cells()
        print(json.dumps({"cells": made_of}), flush=True)
    if sys.stdin.readline():
        kinds = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
        print(json.dumps({"binds": [binds(kinds[c["proto"]], c["port"]) for c in made_of]}), flush=True)
        sys.stdin.read()


main()
