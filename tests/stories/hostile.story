# Names chosen to fool a terminal: escape sequences, newlines, bidirectional marks, bytes
# that are no UTF-8.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="\x1b[31mevil\n" exe="/tmp/\x1b]0;pwned\x07" args=["a\x1b[2Jb","c\xe2\x80\xaed","\xff\xfe","two words"]
3s socket 200 inode=7400 cookie=81 netns=4026531840 proto=unix state=CLOSE files=0x200 fd=3
3s unix_bind 200 inode=7400 cookie=81 netns=4026531840 proto=unix state=CLOSE fd=3 name="/tmp/\x1b[1m\nsock"
3s listen 200 inode=7400 cookie=81 netns=4026531840 proto=unix state=LISTEN fd=3 backlog=1
3s socket 200 inode=7401 cookie=82 netns=4026531840 proto=unix state=CLOSE files=0x200 fd=4
3s unix_bind 200 inode=7401 cookie=82 netns=4026531840 proto=unix state=CLOSE fd=4 name="\x00a\x00b\xff"
4s fork 200 start=4000000000 files=0x201 parent_files=0x200 child=201 parent=200 uid=0 exit_signal=17 pidns=4026531836
5s exit 201 start=4000000000 files=0x201 parent=200 code=0
6s tick 0

=== ports
PROTO  LOCAL               STATE   CREATOR            HELD BY            VERDICT
unix   @a\x00b\xff         BOUND   \x1b[31mevil\x...  \x1b[31mevil\x...  owned
unix   /tmp/\x1b[1m\x0...  LISTEN  \x1b[31mevil\x...  \x1b[31mevil\x...  owned

2 sockets: 2 owned.

=== ports --json
{"proto": "unix",
 "family": "unix",
 "local": "@a\u0000b�",
 "remote": null,
 "state": "BOUND",
 "inode": 7401,
 "cookie": 82,
 "netns": 4026531840,
 "uid": 0,
 "cgroup": null,
 "opened": "2026-11-21T12:00:03.000000000Z",
 "creator": {"pid": 200,
    "start": "2026-11-21T12:00:02.000000000Z",
    "comm": "\u001b[31mevil\n",
    "exe": "/tmp/\u001b]0;pwned\u0007",
    "args": ["a\u001b[2Jb", "c‮d", "��", "two words"],
    "state": "running",
    "exit": null},
 "holders": [{"pid": 200,
     "start": "2026-11-21T12:00:02.000000000Z",
     "comm": "\u001b[31mevil\n",
     "exe": "/tmp/\u001b]0;pwned\u0007",
     "args": ["a\u001b[2Jb", "c‮d", "��", "two words"],
     "state": "running",
     "tid": null,
     "nspid": [200],
     "fds": [{"fd": 4, "cloexec": false}],
     "via": "created",
     "since": "2026-11-21T12:00:03.000000000Z",
     "used": false,
     "chain": [{"ts": "2026-11-21T12:00:03.000000000Z",
         "pid": 200,
         "comm": "\u001b[31mevil\n",
         "step": "created"}]}],
 "hidden": null,
 "verdict": "owned",
 "certain": true,
 "why": "\\x1b[31mevil\\x0a[200] made it and is the only one that holds it.",
 "action": "Stop \\x1b[31mevil\\x0a[200] if you need it free; nothing is wrong with the socket itself."}
{"proto": "unix",
 "family": "unix",
 "local": "/tmp/\u001b[1m\nsock",
 "remote": null,
 "state": "LISTEN",
 "inode": 7400,
 "cookie": 81,
 "netns": 4026531840,
 "uid": 0,
 "cgroup": null,
 "opened": "2026-11-21T12:00:03.000000000Z",
 "creator": {"pid": 200,
    "start": "2026-11-21T12:00:02.000000000Z",
    "comm": "\u001b[31mevil\n",
    "exe": "/tmp/\u001b]0;pwned\u0007",
    "args": ["a\u001b[2Jb", "c‮d", "��", "two words"],
    "state": "running",
    "exit": null},
 "holders": [{"pid": 200,
     "start": "2026-11-21T12:00:02.000000000Z",
     "comm": "\u001b[31mevil\n",
     "exe": "/tmp/\u001b]0;pwned\u0007",
     "args": ["a\u001b[2Jb", "c‮d", "��", "two words"],
     "state": "running",
     "tid": null,
     "nspid": [200],
     "fds": [{"fd": 3, "cloexec": false}],
     "via": "created",
     "since": "2026-11-21T12:00:03.000000000Z",
     "used": true,
     "chain": [{"ts": "2026-11-21T12:00:03.000000000Z",
         "pid": 200,
         "comm": "\u001b[31mevil\n",
         "step": "created"}]}],
 "hidden": null,
 "verdict": "owned",
 "certain": true,
 "why": "\\x1b[31mevil\\x0a[200] made it and is the only one that holds it.",
 "action": "Stop \\x1b[31mevil\\x0a[200] if you need it free; nothing is wrong with the socket itself."}

=== pid 200
\x1b[31mevil\x0a[200]  running
  command     a\x1b[2Jb c\u{202e}d \xff\xfe 'two words'
  program     /tmp/\x1b]0;pwned\x07
  started     12:00:02.000 (4.0 s ago)
  uid         0
  session     100, group 100, terminal pts/3
  namespaces  pid 4026531836, net 4026531840, mnt 4026531841
Lineage
  bash[100] forked \x1b[31mevil\x0a[200] at 12:00:02.000
  init[1] is the parent of bash[100]
Sockets
FD  CLOEXEC  SOCKET                     STATE   HOW                   HELD BY
 3  no       unix /tmp/\x1b[1m\x0asock  LISTEN  created 12:00:03.000        1
 4  no       unix @a\x00b\xff           BOUND   created 12:00:03.000        1
Children: 1
  1 of them is a zombie: `probate zombies` says why
  \x1b[31mevil\x0a[201] (zombie)

=== tree 200
\x1b[31mevil\x0a[200]  1 zombie below  listens unix @a\x00b\xff, unix /tmp/\x...
└─\x1b[31mevil\x0a[201]  zombie, exited with code 0 at 12:00:05.000  a\x1b[2J...

=== zombies
\x1b[31mevil\x0a[200]  running, SIGCHLD left at its default
  a\x1b[2Jb c\u{202e}d \xff\xfe 'two words'
  1 zombie (\x1b[31mevil\x0a): 201, exited with code 0 at 12:00:05.000 (1.0 s
  ago)
  Reason: parent_not_waiting: it does not wait for them.
  Do: \x1b[31mevil\x0a[200] has not waited for \x1b[31mevil\x0a[201]: fix or
  restart it; once it is gone, init takes \x1b[31mevil\x0a[201] over and reaps
  it.

1 zombie of 1 parent.

=== report
Report on the whole machine
  From 2026-11-21 12:00:01.000 to 12:00:06.000 UTC (5.0 s)
  17 events, none lost

How it stood at the end
3 processes, 1 zombie; 2 sockets bound or listening, 0 leaked.

Zombies
  1 zombie (\x1b[31mevil\x0a) of \x1b[31mevil\x0a[200]: parent_not_waiting;
  still there at the end, the longest for 1.0 s; pid 201

Busiest programs, roughly
  PROGRAM           EVENTS  FORKS  EXECS  SOCKETS  CONNECTIONS
  \x1b[31mevil\x0a       8      1      1        2            0
  bash                   1      1      0        0            0

=== report pid 200
Report on process 200
  From 2026-11-21 12:00:01.000 to 12:00:06.000 UTC (5.0 s)
  17 events, none lost

How it stood at the end
\x1b[31mevil\x0a[200] running
  Started at 12:00:02.000; still running at the end.
  It forked 1 process.

Sockets it held
  unix /tmp/\x1b[1m\x0asock, inode 7400: opened 12:00:03.000, still there at the
  end (owned)
    12:00:03.000 \x1b[31mevil\x0a[200] created it
    12:00:03.000 \x1b[31mevil\x0a[200] bound it to unix /tmp/\x1b[1m\x0asock
    12:00:03.000 \x1b[31mevil\x0a[200] listened on it
    12:00:04.000 \x1b[31mevil\x0a[201] was forked from \x1b[31mevil\x0a[200]
    with it
    12:00:05.000 \x1b[31mevil\x0a[201] exited with code 0
  HELD BY               FROM          UNTIL         USED   HOW
  \x1b[31mevil\x0a[...  12:00:03.000  the end       yes    made it
  \x1b[31mevil\x0a[...  12:00:04.000  12:00:05.000  never  fork from \x1b[31m...

  unix @a\x00b\xff, inode 7401: opened 12:00:03.000, still there at the end
  (owned)
    12:00:03.000 \x1b[31mevil\x0a[200] created it
    12:00:03.000 \x1b[31mevil\x0a[200] bound it to unix @a\x00b\xff
    12:00:04.000 \x1b[31mevil\x0a[201] was forked from \x1b[31mevil\x0a[200]
    with it
    12:00:05.000 \x1b[31mevil\x0a[201] exited with code 0
  HELD BY               FROM          UNTIL         USED   HOW
  \x1b[31mevil\x0a[...  12:00:03.000  the end       never  made it
  \x1b[31mevil\x0a[...  12:00:04.000  12:00:05.000  never  fork from \x1b[31m...

Zombies
  1 zombie (\x1b[31mevil\x0a) of \x1b[31mevil\x0a[200]: parent_not_waiting;
  still there at the end, the longest for 1.0 s; pid 201

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      \x1b[31mevil\x0a[200]: started at 12:00:02.000; still running at the end
        \x1b[31mevil\x0a[201]: started at 12:00:04.000; exited with code 0 at
        12:00:05.000; a zombie since, for 1.0 s at the end, which
        \x1b[31mevil\x0a[200] has not reaped

=== report /tmp/x
Report on /tmp/x
  From 2026-11-21 12:00:01.000 to 12:00:06.000 UTC (5.0 s)
  17 events, none lost

How it stood at the end
Nothing held /tmp/x.
  No socket had it in all that time.
=== exit 1
