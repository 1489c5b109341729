# Nobody holds it, the kernel finishes the close.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=8 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_sock 0 cookie=41 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:40002 proto=tcp state=TIME_WAIT sflags=32 left_ms=42000
1s scan_sock 0 cookie=42 netns=4026531840 local=127.0.0.1:8801 remote=127.0.0.1:40003 proto=tcp state=TIME_WAIT sflags=32 left_ms=12000
1s scan_end 0 scope=7 begin=1000000000
1s scan_sock 0 netns=4026531840 local=127.0.0.1:8802 remote=127.0.0.1:40002 proto=tcp state=TIME_WAIT sflags=34 left_ms=42000
60s tick 0

=== --at @1795262401 port 8801
tcp 127.0.0.1:8801 -> 127.0.0.1:40002  TIME_WAIT
  cookie 41
  Verdict: orphaned (not certain) — Everybody has closed it and the kernel is
  finishing the connection (TIME_WAIT), for 42 s more.
  Do: Wait 42 s: it was made without SO_REUSEADDR, so a server that sets it now
  is kept from the port all the same, and only from the next time on is not.
  And 1 more like it.

=== --at @1795262411 port 8801
tcp 127.0.0.1:8801 -> 127.0.0.1:40002  TIME_WAIT
  cookie 41
  Verdict: orphaned (not certain) — Everybody has closed it and the kernel is
  finishing the connection (TIME_WAIT), for 32 s more.
  Do: Wait 32 s: it was made without SO_REUSEADDR, so a server that sets it now
  is kept from the port all the same, and only from the next time on is not.
  And 1 more like it.

=== --at @1795262411 port 8802
tcp 127.0.0.1:8802 -> 127.0.0.1:40002  TIME_WAIT
  Verdict: orphaned (not certain) — Everybody has closed it and the kernel is
  finishing the connection (TIME_WAIT), for 32 s more.
  Do: Wait 32 s, or set SO_REUSEADDR before bind: it had that set, too, so then
  it does not keep a server from the port.

A tcp bind works all the same if it sets SO_REUSEADDR: what holds it has that
set, too.

=== --at @1795262442 --json port 8802
{"query": "8802",
 "held": true,
 "sockets": [{"proto": "tcp",
     "family": "inet",
     "local": "127.0.0.1:8802",
     "remote": "127.0.0.1:40002",
     "state": "TIME_WAIT",
     "inode": null,
     "cookie": null,
     "netns": 4026531840,
     "uid": null,
     "cgroup": null,
     "opened": null,
     "creator": null,
     "holders": [],
     "hidden": null,
     "verdict": "orphaned",
     "certain": false,
     "why": "Everybody has closed it and the kernel is finishing the connection (TIME_WAIT), for 1 s more.",
     "action": "Wait 1 s, or set SO_REUSEADDR before bind: it had that set, too, so then it does not keep a server from the port.",
     "elsewhere": false}],
 "bind": {"tcp": {"plain": false,
       "reuseaddr": true,
       "reuseport": false,
       "both": true,
       "reuseport_uid": null},
    "udp": {"plain": true, "reuseaddr": true, "reuseport": true, "both": true, "reuseport_uid": null}}}

=== --at @1795262444 port 8802
Nothing holds port 8802: it is free.
=== exit 1

=== port 8801
tcp 127.0.0.1:8801 -> 127.0.0.1:40002  TIME_WAIT
  cookie 41
  Verdict: orphaned (not certain) — Everybody has closed it and the kernel is
  finishing the connection (TIME_WAIT).
  Do: Wait until the kernel is done: it was made without SO_REUSEADDR, so a
  server that sets it now is kept from the port all the same, and only from the
  next time on is not.
  And 1 more like it.

=== ports
0 sockets.
