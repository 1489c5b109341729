# No system call is hooked: the credentials a file was opened with say who made it.  One server was
# there before (200), one came since (400); both start a sleep without closing, one of them by a
# shell before anybody looked who holds the new socket, and are killed.  A third (600) made its
# socket before it became another user: that proves nothing.  A fourth (700) makes one for another
# program (800) and ends: who waits on it uses it, and who has it as standard input (900) means to.
# What the first look met was there before; what a later one meets and nobody waits on is suspected.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=1 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_task 200 start=600000000 files=0x200 parent=100 sid=100 pgid=200 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="old"
1s scan_fd 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=udp local=0.0.0.0:8801 state=CLOSE files=0x200 fd=3 maker=200
1s scan_task 600 start=700000000 files=0x600 parent=100 sid=100 pgid=600 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="drops"
1s scan_fd 600 inode=7003 cookie=13 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8803 state=LISTEN files=0x600 fd=3 waits=1
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_args 200 start=600000000 exe="/srv/old" args=["/srv/old"]
1s scan_args 600 start=700000000 exe="/srv/drops" args=["/srv/drops"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x400 parent_files=0x100 child=400 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 400 start=2000000000 files=0x400 old_tid=400 name="new" exe="/srv/new" args=["/srv/new"]
3s listen 400 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8802 state=LISTEN fd=-1 backlog=128 maker=400
4s fork 100 start=4000000000 files=0x700 parent_files=0x100 child=700 parent=100 uid=0 exit_signal=17 pidns=4026531836
4s exec 700 start=4000000000 files=0x700 old_tid=700 name="spawn" exe="/srv/spawn" args=["/srv/spawn"]
4s listen 700 inode=7004 cookie=14 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8804 state=LISTEN fd=-1 backlog=128 maker=700
4s listen 700 inode=7005 cookie=15 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8805 state=LISTEN fd=-1 backlog=128 maker=700
4s fork 700 start=4000000000 files=0x800 parent_files=0x700 child=800 parent=700 uid=0 exit_signal=17 pidns=4026531836
4s fork 700 start=4000000000 files=0x900 parent_files=0x700 child=900 parent=700 uid=0 exit_signal=17 pidns=4026531836
5s fork 200 start=5000000000 files=0x300 parent_files=0x200 child=300 parent=200 uid=0 exit_signal=17 pidns=4026531836
5s exec 800 start=4000000000 files=0x800 old_tid=800 name="serves" exe="/srv/serves" args=["/srv/serves"]
5s scan_begin 800 scope=8 files=0x800
5s scan_fd 800 inode=7004 cookie=14 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8804 state=LISTEN files=0x800 fd=3 maker=700
5s scan_end 800 scope=8 files=0x800 begin=5000000000
5s exec 900 start=4000000000 files=0x900 old_tid=900 name="cgi" exe="/srv/cgi" args=["/srv/cgi"]
5s scan_begin 900 scope=8 files=0x900
5s scan_fd 900 inode=7005 cookie=15 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8805 state=LISTEN files=0x900 fd=0 maker=700
5s scan_end 900 scope=8 files=0x900 begin=5000000000
6s exec 300 start=5000000000 files=0x300 old_tid=300 name="sleep" exe="/usr/bin/sleep" args=["sleep","1000"]
6s scan_begin 300 scope=8 files=0x300
6s scan_fd 300 inode=7001 cookie=11 netns=4026531840 uid=0 proto=udp local=0.0.0.0:8801 state=CLOSE files=0x300 fd=3 maker=200
6s scan_end 300 scope=8 files=0x300 begin=6000000000
6s fork 400 start=6000000000 files=0x500 parent_files=0x400 child=500 parent=400 uid=0 exit_signal=17 pidns=4026531836
7s exec 500 start=6000000000 files=0x500 old_tid=500 name="sh" exe="/bin/sh" args=["sh","-c","sleep 2000"]
7s scan_begin 500 scope=8 files=0x500
7s scan_fd 500 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8802 state=LISTEN files=0x500 fd=3 maker=400
7s scan_end 500 scope=8 files=0x500 begin=7000000000
8s exec 500 start=6000000000 files=0x500 old_tid=500 name="sleep" exe="/usr/bin/sleep" args=["sleep","2000"]
8s scan_begin 500 scope=8 files=0x500
8s scan_fd 500 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8802 state=LISTEN files=0x500 fd=3 maker=400
8s scan_end 500 scope=8 files=0x500 begin=8000000000
9s exit 200 start=600000000 files=0x200 parent=100 code=-1 signal=SIGKILL
9s exit 400 start=2000000000 files=0x400 parent=100 code=-1 signal=SIGKILL
10s free 200 start=600000000
10s free 400 start=2000000000
11s scan_begin 0 scope=7
11s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
11s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
11s scan_task 600 start=700000000 files=0x600 parent=100 sid=100 pgid=600 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="drops"
11s scan_fd 600 inode=7003 cookie=13 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8803 state=LISTEN files=0x600 fd=3 waits=1
11s scan_task 800 start=4000000000 files=0x800 parent=700 sid=100 pgid=700 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="serves"
11s scan_fd 800 inode=7004 cookie=14 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8804 state=LISTEN files=0x800 fd=3 maker=700 waits=1
11s scan_task 900 start=4000000000 files=0x900 parent=700 sid=100 pgid=700 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="cgi"
11s scan_fd 900 inode=7005 cookie=15 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8805 state=LISTEN files=0x900 fd=0 maker=700 waits=2
11s scan_task 700 start=4000000000 files=0x700 parent=100 sid=100 pgid=700 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="spawn"
11s scan_fd 700 inode=7004 cookie=14 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8804 state=LISTEN files=0x700 fd=3 maker=700
11s scan_fd 700 inode=7005 cookie=15 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8805 state=LISTEN files=0x700 fd=4 maker=700
11s scan_task 300 start=5000000000 files=0x300 parent=1 sid=100 pgid=200 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="sleep"
11s scan_fd 300 inode=7001 cookie=11 netns=4026531840 uid=0 proto=udp local=0.0.0.0:8801 state=CLOSE files=0x300 fd=3 waits=2
11s scan_task 500 start=6000000000 files=0x500 parent=1 sid=100 pgid=400 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 name="sleep"
11s scan_fd 500 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8802 state=LISTEN files=0x500 fd=3 waits=2
11s scan_end 0 scope=7 begin=11000000000
12s exit 700 start=4000000000 files=0x700 parent=100 code=0
13s scan_begin 0 scope=2
13s scan_fd 600 inode=7003 cookie=13 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8803 state=LISTEN files=0x600 fd=3 waits=1
13s scan_fd 600 inode=7006 cookie=16 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8806 state=LISTEN files=0x600 fd=4 waits=2
13s scan_fd 300 inode=7001 cookie=11 netns=4026531840 uid=0 proto=udp local=0.0.0.0:8801 state=CLOSE files=0x300 fd=3 waits=2
13s scan_fd 500 inode=7002 cookie=12 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8802 state=LISTEN files=0x500 fd=3 waits=2
13s scan_fd 800 inode=7004 cookie=14 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8804 state=LISTEN files=0x800 fd=3 waits=1
13s scan_fd 900 inode=7005 cookie=15 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8805 state=LISTEN files=0x900 fd=0 waits=2
13s scan_end 0 scope=2 begin=13000000000
13s tick 0

=== ports
PROTO  LOCAL         STATE   CREATOR      HELD BY      VERDICT
tcp    0.0.0.0:8802  LISTEN  †new[400]    sleep[500]   leaked
tcp    0.0.0.0:8803  LISTEN  ?            drops[600]   held
tcp    0.0.0.0:8804  LISTEN  †spawn[700]  serves[800]  inherited
tcp    0.0.0.0:8805  LISTEN  †spawn[700]  cgi[900]     inherited
tcp    0.0.0.0:8806  LISTEN  ?            drops[600]   held
udp    0.0.0.0:8801  UNCONN  †old[200]    sleep[300]   leaked

6 sockets: 2 inherited, 2 leaked, 2 held. `probate port PORT` says more.

=== port 8801
udp 0.0.0.0:8801  UNCONN
  inode 7001, uid 0
  Made by old[200] (/srv/old), dead: killed by SIGKILL at 12:00:09.000.
  Held by sleep[300], running: sleep 1000
    fd 3, CLOEXEC missing; inherited by fork from old[200] at 12:00:05.000 (8.0
    s ago)
      earlier old[200] created it
      12:00:05.000 old[300] forked from old[200] with it
      12:00:06.000 sleep[300] executed this program and kept it
  Verdict: leaked (not certain) — old[200] made it and was killed by SIGKILL at
  12:00:09; as far as was seen, sleep[300] inherited fd 3 by fork and kept it
  over exec because CLOEXEC was not set.
  Do: What is read from it is not watched, so see first whether clients still
  get an answer; if not, end sleep[300] to free the port now; in old, open the
  socket with SOCK_CLOEXEC (or close fd 3 in the child before exec).

=== report 8801
Report on port 8801
  From 2026-11-21 12:00:01.000 to 12:00:13.000 UTC (12 s)
  64 events, none lost

How it stood at the end
udp 0.0.0.0:8801 UNCONN
  inode 7001, uid 0
  Made by old[200] (/srv/old), dead: killed by SIGKILL at 12:00:09.000.
  Held by sleep[300], running: sleep 1000
    fd 3, CLOEXEC missing; inherited by fork from old[200] at 12:00:05.000
      earlier old[200] created it
      12:00:05.000 old[300] forked from old[200] with it
      12:00:06.000 sleep[300] executed this program and kept it
  Verdict: leaked (not certain) — old[200] made it and was killed by SIGKILL at
  12:00:09; as far as was seen, sleep[300] inherited fd 3 by fork and kept it
  over exec because CLOEXEC was not set.
  Do: What is read from it is not watched, so see first whether clients still
  get an answer; if not, end sleep[300] to free the port now; in old, open the
  socket with SOCK_CLOEXEC (or close fd 3 in the child before exec).

Sockets that had it
  udp 0.0.0.0:8801, inode 7001: older than the watch, still there at the end
  (leaked)
    earlier old[200] had it when it was first looked at
    12:00:05.000 old[300] was forked from old[200] with it
    12:00:06.000 sleep[300] executed sleep 1000 and kept it
    12:00:09.000 old[200] was killed by SIGKILL
    12:00:09.000 it passed from old[200], which died, to sleep[300]
    12:00:11.000 leaked: sleep[300] keeps fd 3 of old[200], and whether it uses
    it was not watched
  HELD BY     FROM          UNTIL         USED  HOW
  old[200]    earlier       12:00:09.000  ?     was there
  sleep[300]  12:00:05.000  the end       ?     fork from old[200]

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      old[200]: there from the beginning, started at 12:00:00.600; killed by
      SIGKILL at 12:00:09.000; a zombie for 1.0 s
        sleep[300]: started at 12:00:05.000; executed sleep 1000 at
        12:00:06.000; adopted by init[1] at 12:00:09.000; still running at the
        end

=== port 8802
tcp 0.0.0.0:8802  LISTEN
  inode 7002, uid 0
  Made by new[400] (/srv/new), dead: killed by SIGKILL at 12:00:09.000.
  Held by sleep[500], running: sleep 2000
    fd 3, CLOEXEC missing; inherited by fork from new[400] at 12:00:06.000 (7.0
    s ago)
      earlier new[400] created it
      12:00:06.000 new[500] forked from new[400] with it
      12:00:07.000 sh[500] executed this program and kept it
      12:00:08.000 sleep[500] executed this program and kept it
  Verdict: leaked (not certain) — new[400] made it and was killed by SIGKILL at
  12:00:09; as far as was seen, sleep[500] inherited fd 3 by fork and kept it
  over exec because CLOEXEC was not set.
  Do: Its use was not watched from the beginning, so look first, then kill
  sleep[500] to free the port now; in new or sh, whichever did not mean to hand
  it on, set FD_CLOEXEC on fd 3 or close it in the child before exec.

=== --at @1795262410 port 8801
udp 0.0.0.0:8801  UNCONN
  inode 7001, uid 0
  Made by old[200] (/srv/old), zombie: killed by SIGKILL at 12:00:09.000.
  Held by sleep[300], running: sleep 1000
    fd 3, CLOEXEC missing; inherited by fork from old[200] at 12:00:05.000 (5.0
    s ago)
      earlier old[200] created it
      12:00:05.000 old[300] forked from old[200] with it
      12:00:06.000 sleep[300] executed this program and kept it
  Verdict: inherited (not certain) — old[200] made it and was killed by SIGKILL
  at 12:00:09; as far as was seen, sleep[300] inherited it and holds it, and
  whether it uses it was not watched; no scan has looked since at what is done
  with it.
  Do: Stop sleep[300] if you need it free; see first whether clients still get
  an answer from it.

=== port 8803
tcp 0.0.0.0:8803  LISTEN
  inode 7003, uid 0
  Made before anything was watching: by whom is not known.
  Held by drops[600], running: /srv/drops
    fd 3, CLOEXEC missing; found there; how it came was not seen; it uses it
  Verdict: held (not certain) — drops[600] holds it; who made it is not known,
  because that was before anything was watching.
  Do: Make sure nobody needs it, then stop drops[600] to free it; leave probate
  ports -w running to know the creator next time.

=== port 8806
tcp 0.0.0.0:8806  LISTEN
  inode 7006, uid 0
  By whom it was made is not known: only --fd=full watches that.
  Held by drops[600], running: /srv/drops
    fd 4, CLOEXEC missing; found there; how it came was not seen
  Verdict: held (not certain) — drops[600] holds it; who made it is not known,
  because only --fd=full watches that; it is not known to have made it and does
  not wait on it, so it looks leaked.
  Do: Make sure nobody needs it, then stop drops[600] to free it; leave probate
  ports -w running to know the creator next time.

=== ports --leaked
PROTO  LOCAL         STATE   CREATOR    HELD BY     VERDICT
tcp    0.0.0.0:8802  LISTEN  †new[400]  sleep[500]  leaked
udp    0.0.0.0:8801  UNCONN  †old[200]  sleep[300]  leaked

2 sockets: 2 leaked. `probate port PORT` says more.
1 is suspected: who made it is not known, and nobody waits on it: tcp
0.0.0.0:8806, held by drops[600].
=== exit 1

=== port 8804
tcp 0.0.0.0:8804  LISTEN
  inode 7004, uid 0
  Made by spawn[700] (/srv/spawn), zombie: exited with code 0 at 12:00:12.000.
  Held by serves[800], running: /srv/serves
    fd 3, CLOEXEC missing; inherited by fork from spawn[700] at 12:00:04.000
    (9.0 s ago); it uses it
      earlier spawn[700] created it
      12:00:04.000 spawn[800] forked from spawn[700] with it
      12:00:05.000 serves[800] executed this program and kept it
  Verdict: inherited (not certain) — spawn[700] made it and exited with code 0
  at 12:00:12; as far as was seen, serves[800] inherited it and carries on with
  it.
  Do: Stop serves[800] if you need it free: it still serves it, so work in
  progress is cut.

=== port --json 8802
{"query": "8802",
 "held": true,
 "sockets": [{"proto": "tcp",
     "family": "inet",
     "local": "0.0.0.0:8802",
     "remote": null,
     "state": "LISTEN",
     "inode": 7002,
     "cookie": 12,
     "netns": 4026531840,
     "uid": 0,
     "cgroup": null,
     "opened": null,
     "creator": {"pid": 400,
        "start": "2026-11-21T12:00:02.000000000Z",
        "comm": "new",
        "exe": "/srv/new",
        "args": ["/srv/new"],
        "state": "dead",
        "exit": {"ts": "2026-11-21T12:00:09.000000000Z",
           "code": null,
           "signal": 9,
           "by": null,
           "cause": null}},
     "holders": [{"pid": 500,
         "start": "2026-11-21T12:00:06.000000000Z",
         "comm": "sleep",
         "exe": "/usr/bin/sleep",
         "args": ["sleep", "2000"],
         "state": "running",
         "tid": null,
         "nspid": [500],
         "fds": [{"fd": 3, "cloexec": false}],
         "via": "fork",
         "since": "2026-11-21T12:00:06.000000000Z",
         "used": null,
         "chain": [{"ts": null, "pid": 400, "comm": "new", "step": "created"},
            {"ts": "2026-11-21T12:00:06.000000000Z", "pid": 500, "comm": "new", "step": "fork"},
            {"ts": "2026-11-21T12:00:07.000000000Z",
             "pid": 500,
             "comm": "sh",
             "step": "exec",
             "kept": true},
            {"ts": "2026-11-21T12:00:08.000000000Z",
             "pid": 500,
             "comm": "sleep",
             "step": "exec",
             "kept": true}]}],
     "hidden": null,
     "verdict": "leaked",
     "certain": false,
     "why": "new[400] made it and was killed by SIGKILL at 12:00:09; as far as was seen, sleep[500] inherited fd 3 by fork and kept it over exec because CLOEXEC was not set.",
     "action": "Its use was not watched from the beginning, so look first, then kill sleep[500] to free the port now; in new or sh, whichever did not mean to hand it on, set FD_CLOEXEC on fd 3 or close it in the child before exec.",
     "elsewhere": false}],
 "bind": {"tcp": {"plain": false,
       "reuseaddr": false,
       "reuseport": false,
       "both": false,
       "reuseport_uid": null},
    "udp": {"plain": true, "reuseaddr": true, "reuseport": true, "both": true, "reuseport_uid": null}}}

=== trace
12:00:02.000  fork      bash[100]         -> bash[400]
12:00:02.000  exec      new[400]          /srv/new
12:00:03.000  listen    new[400]          tcp 0.0.0.0:8802
12:00:04.000  fork      bash[100]         -> bash[700]
12:00:04.000  exec      spawn[700]        /srv/spawn
12:00:04.000  listen    spawn[700]        tcp 0.0.0.0:8804
12:00:04.000  listen    spawn[700]        tcp 0.0.0.0:8805
12:00:04.000  fork      spawn[700]        -> spawn[800]
12:00:04.000  fork      spawn[700]        -> spawn[900]
12:00:05.000  fork      old[200]          -> old[300]
12:00:05.000  exec      serves[800]       /srv/serves
12:00:05.000  exec      cgi[900]          /srv/cgi
12:00:06.000  exec      sleep[300]        /usr/bin/sleep 1000
12:00:06.000  fork      new[400]          -> new[500]
12:00:07.000  exec      sh[500]           /bin/sh -c sleep 2000
12:00:08.000  exec      sleep[500]        /usr/bin/sleep 2000
12:00:09.000  exit      old[200]          killed by SIGKILL
12:00:09.000  transfer  old[200]    -> sleep[300] udp 0.0.0.0:8801, creator died
12:00:09.000  reparent  sleep[300]        from old[200] to init[1]
12:00:09.000  exit      new[400]          killed by SIGKILL
12:00:09.000  reparent  sleep[500]        from new[400] to init[1]
12:00:10.000  zombie    bash[100]         old[200] dead for 1.0 s, not reaped
12:00:10.000  zombie    bash[100]         new[400] dead for 1.0 s, not reaped
12:00:11.000  reap      bash[100]         old[200] after 1.0 s, nobody waited
12:00:11.000  reap      bash[100]         new[400] after 1.0 s, nobody waited
12:00:11.000  leak      sleep[300]  udp 0.0.0.0:8801 fd 3 of old[200], CLOEXE...
12:00:11.000  transfer  new[400]    -> sleep[500] tcp 0.0.0.0:8802, creator died
12:00:11.000  leak      sleep[500]  tcp 0.0.0.0:8802 fd 3 of new[400], CLOEXE...
12:00:12.000  exit      spawn[700]        code 0
12:00:12.000  transfer  spawn[700]    -> cgi[900] tcp 0.0.0.0:8805, creator died
12:00:12.000  transfer  spawn[700]  -> serves[800] tcp 0.0.0.0:8804, creator ...
12:00:12.000  reparent  cgi[900]          from spawn[700] to init[1]
12:00:12.000  reparent  serves[800]       from spawn[700] to init[1]
12:00:13.000  zombie    bash[100]         spawn[700] dead for 1.0 s, not reaped
