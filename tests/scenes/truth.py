"""What an answer must say about a scene: comparisons that give a list of differences."""
import time

PATIENCE = 30.0


# ---- folding the lines of a live command ------------------------------------------------------

def key_of(sock):
    """Names a socket: its inode, for a kernel socket its cookie."""
    return ("inode", sock["inode"]) if sock.get("inode") else ("cookie", sock.get("cookie"))


def fold_ports(objects):
    """`ports -w`: the sockets there are now, and the inodes that were there and are gone."""
    now, gone = {}, set()
    for o in objects:
        if o.get("gone"):
            now.pop(key_of(o), None)
            gone.add(o.get("inode"))
        else:
            now[key_of(o)] = o
            gone.discard(o.get("inode"))
    return list(now.values()), gone


def fold_zombies(objects):
    """`zombies -w`: the zombies there are now, and the pids that were zombies and are gone."""
    now, gone = {}, set()
    for o in objects:
        if o.get("gone"):
            now.pop((o["pid"], o["start"]), None)
            gone.add(o["pid"])
        else:
            now[o["pid"], o["start"]] = o
    return list(now.values()), gone


# ---- sockets ----------------------------------------------------------------------------------

def port_of(local):
    tail = (local or "").rsplit(":", 1)[-1]
    return int(tail) if tail.isdigit() else None


def find(truth, sockets):
    """The answer about a socket, by inode; a kernel socket by address and namespace."""
    for s in sockets:
        if truth["inode"]:
            if s.get("inode") == truth["inode"]:
                return s
        elif (s["proto"], s["local"], s["netns"]) == (truth["proto"], truth["local"],
                                                      truth["netns"]):
            return s
    return None


def holders_of(sock):
    """{(pid, tid): (fds, fds with close-on-exec)}, as an answer and as facts spell it."""
    table = {}
    for h in sock["holders"]:
        fds = [f if isinstance(f, int) else f["fd"] for f in h["fds"]]
        cloexec = h.get("cloexec")
        if cloexec is None:
            cloexec = [f["fd"] for f in h["fds"] if f["cloexec"]]
        table[h["pid"], h["tid"]] = (sorted(fds), sorted(cloexec))
    return table


def differ(errors, what, got, *allowed):
    if got not in allowed:
        errors.append(f"{what} is {got!r}, not {' or '.join(map(repr, allowed))}")


def address_errors(truth, got):
    errors = []
    for field in ("proto", "family", "local", "netns"):
        differ(errors, field, got[field], truth[field])
    if truth["remote"]:
        differ(errors, "remote", got["remote"], truth["remote"])
    if truth["proto"] == "tcp" or truth["state"] == "LISTEN":
        differ(errors, "state", got["state"], truth["state"])
    return errors


def creator_errors(truth, got, director):
    """The maker as it was seen live, with its death."""
    errors, creator = [], got["creator"]
    if truth["creator"] is None:
        differ(errors, "creator", creator, None)
    elif creator is None:
        errors.append(f"creator is null, not {truth['creator']['pid']}")
    else:
        differ(errors, "creator.pid", creator["pid"], truth["creator"]["pid"])
        dead = truth["creator"]["dead"]
        if dead != (creator["state"] == "dead"):
            errors.append(f"creator.state is {creator['state']!r}, dead: {dead}")
        if dead and director:
            death = creator["exit"] or {}
            differ(errors, "creator.exit.signal", death.get("signal"), 9)
            differ(errors, "creator.exit.by.pid", (death.get("by") or {}).get("pid"), director)
    return errors


def via_errors(truth, got, via):
    """How each holder came to the socket: the maker made it, the others by what is given."""
    errors, maker = [], truth["creator"] and truth["creator"]["pid"]
    for h in got["holders"]:
        allowed = ("created", "accepted") if h["pid"] == maker else via
        differ(errors, f"via of {h['pid']}", h["via"], *allowed)
    return errors


def listed(value):
    return value if isinstance(value, tuple) else (value,)


def live_errors(truth, got, want, director):
    errors = creator_errors(truth, got, want.get("killed", True) and director)
    errors += via_errors(truth, got, listed(want.get("via", "fork")))
    differ(errors, "verdict", got["verdict"], *listed(want["verdict"]))
    differ(errors, "certain", got["certain"], *listed(want.get("certain", True)))
    return errors


def late_errors(got, want):
    """Without history: only what is there now, and no guess about the rest."""
    errors = []
    differ(errors, "creator", got["creator"], None)
    differ(errors, "verdict", got["verdict"], *listed(want.get("late", "held")))
    differ(errors, "certain", got["certain"], *listed(want.get("late_certain", False)))
    for h in got["holders"]:
        differ(errors, f"via of {h['pid']}", h["via"], "scan")
    return errors


def socket_errors(truth, sockets, live, want, director):
    """All differences between a socket of a scene and the answer about it."""
    got = find(truth, sockets)
    where = f"{truth['proto']} {truth['local']} {truth['state']} inode {truth['inode']}: "
    if not got:
        return [where + "is not in the answer"]
    errors = address_errors(truth, got)
    if holders_of(got) != holders_of(truth):
        errors.append(f"holders are {holders_of(got)}, not {holders_of(truth)}")
    errors += live_errors(truth, got, want, director) if live else late_errors(got, want)
    for text in ("why", "action"):
        if not (isinstance(got[text], str) and got[text].strip()):
            errors.append(f"{text} is {got[text]!r}")
    return [where + e for e in errors]


def told(errors, most=8):
    """The differences as text, not more than a person reads."""
    more = [f"... and {len(errors) - most} more"] if len(errors) > most else []
    return "\n".join(errors[:most] + more)


# ---- waiting ----------------------------------------------------------------------------------

def until(probe, timeout=PATIENCE, pause=0.05):
    """Calls probe() until it gives no errors; the last errors.  For one-shot commands."""
    end = time.monotonic() + timeout
    while True:
        errors = probe()
        if not errors or time.monotonic() > end:
            return errors
        time.sleep(pause)
