# Names that are markup: harmless in text and JSON here, and in the page (tests/report).

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="<u>&amp;</u>"
1s scan_args 100 start=500000000 exe="/usr/bin/<script>" args=["<!--","]]>"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="<script>x</scri" exe="/tmp/</style><script>alert(1)</script>" args=["<script>alert(1)</script>","\"><img src=x onerror=alert(2)>","'onmouseover='alert(3)","javascript:alert(4)","&lt;b&gt;","\x1b[31mred\x1b[0m","\xe2\x80\xaegnp.exe","\xff\xfe"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 proto=unix state=CLOSE files=0x200 fd=3
3s unix_bind 200 inode=7001 cookie=11 netns=4026531840 proto=unix state=CLOSE fd=3 name="/tmp/<svg/onload=alert(5)>"
3s listen 200 inode=7001 cookie=11 netns=4026531840 proto=unix state=LISTEN fd=3 backlog=1
4s fork 200 start=4000000000 files=0x300 parent_files=0x200 child=300 parent=200 uid=0 exit_signal=17 pidns=4026531836
4100000000 exec 300 start=4000000000 files=0x300 old_tid=300 name="\"><img src=x>" exe="/bin/\"><img src=x>" args=["</title></svg><iframe src=//x>","a b"]
5s socket 300 inode=7002 cookie=12 netns=4026531840 proto=unix state=CLOSE files=0x300 fd=4
5s unix_bind 300 inode=7002 cookie=12 netns=4026531840 proto=unix state=CLOSE fd=4 error=EADDRINUSE name="/tmp/<svg/onload=alert(5)>"
6s exit 200 start=2000000000 files=0x200 parent=100 code=0
9s tick 0

=== report unix:/tmp/<svg/onload=alert(5)>
Report on unix:/tmp/<svg/onload=alert(5)>
  From 2026-11-21 12:00:01.000 to 12:00:09.000 UTC (8.0 s)
  18 events, none lost

How it stood at the end
unix /tmp/<svg/onload=alert(5)> LISTEN
  inode 7001, uid 0
  Made by <script>x</scri[200] (<script>alert(1)</script> '"><img src=x
  onerror=alert(2)>' 'onmouseover='alert(3) javascript:alert(4) &lt;b&gt;
  \x1b[31mred\x1b[0m \u{202e}gnp.exe \xff\xfe) at 12:00:03.000, zombie: exited
  with code 0 at 12:00:06.000.
  Held by "><img src=x>[300], running: '</title></svg><iframe src=//x>' 'a b'
    fd 3, CLOEXEC missing; inherited by fork from <script>x</scri[200] at
    12:00:04.000; it never used it
      12:00:03.000 <script>x</scri[200] created it
      12:00:04.000 <script>x</scri[300] forked from <script>x</scri[200] with it
      12:00:04.100 "><img src=x>[300] executed this program and kept it
  Verdict: leaked — <script>x</scri[200] made it and exited with code 0 at
  12:00:06; "><img src=x>[300] inherited fd 3 by fork and kept it over exec
  because CLOEXEC was not set.
  Do: Kill "><img src=x>[300] to free the port now; in <script>x</scri, open the
  socket with SOCK_CLOEXEC (or close fd 3 in the child before exec).

Sockets that had it
  unix /tmp/<svg/onload=alert(5)>, inode 7001: opened 12:00:03.000, still there
  at the end (leaked)
    12:00:03.000 <script>x</scri[200] created it
    12:00:03.000 <script>x</scri[200] bound it to unix
    /tmp/<svg/onload=alert(5)>
    12:00:03.000 <script>x</scri[200] listened on it
    12:00:04.000 <script>x</scri[300] was forked from <script>x</scri[200] with
    it
    12:00:04.100 "><img src=x>[300] executed '</title></svg><iframe src=//x>' 'a
    b' and kept it
    12:00:05.000 "><img src=x>[300] could not bind unix
    /tmp/<svg/onload=alert(5)>: EADDRINUSE, held by <script>x</scri[200]
    12:00:06.000 <script>x</scri[200] exited with code 0
    12:00:06.000 it passed from <script>x</scri[200], which died, to "><img
    src=x>[300]
    12:00:06.000 leaked: "><img src=x>[300] keeps fd 3 of <script>x</scri[200]
    and never meant to
  HELD BY               FROM          UNTIL         USED   HOW
  <script>x</scri[200]  12:00:03.000  12:00:06.000  yes    made it
  "><img src=x>[300]    12:00:04.000  the end       never  fork from <script>...

Refused
  12:00:05.000 "><img src=x>[300] could not bind unix
  /tmp/<svg/onload=alert(5)>: EADDRINUSE, held by <script>x</scri[200]

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    <u>&amp;</u>[100]: there from the beginning, started at 12:00:00.500; still
    running at the end
      <script>x</scri[200]: started at 12:00:02.000; exited with code 0 at
      12:00:06.000; a zombie since, for 3.0 s at the end, which
      <u>&amp;</u>[100] has not reaped
        "><img src=x>[300]: started at 12:00:04.000; executed
        '</title></svg><iframe src=//x>' 'a b' at 12:00:04.100; adopted by
        init[1] at 12:00:06.000; still running at the end

=== report
Report on the whole machine
  From 2026-11-21 12:00:01.000 to 12:00:09.000 UTC (8.0 s)
  18 events, none lost

How it stood at the end
3 processes, 1 zombie; 1 socket bound or listening, 1 leaked.

unix /tmp/<svg/onload=alert(5)> LISTEN
  inode 7001, uid 0
  Made by <script>x</scri[200] (<script>alert(1)</script> '"><img src=x
  onerror=alert(2)>' 'onmouseover='alert(3) javascript:alert(4) &lt;b&gt;
  \x1b[31mred\x1b[0m \u{202e}gnp.exe \xff\xfe) at 12:00:03.000, zombie: exited
  with code 0 at 12:00:06.000.
  Held by "><img src=x>[300], running: '</title></svg><iframe src=//x>' 'a b'
    fd 3, CLOEXEC missing; inherited by fork from <script>x</scri[200] at
    12:00:04.000; it never used it
      12:00:03.000 <script>x</scri[200] created it
      12:00:04.000 <script>x</scri[300] forked from <script>x</scri[200] with it
      12:00:04.100 "><img src=x>[300] executed this program and kept it
  Verdict: leaked — <script>x</scri[200] made it and exited with code 0 at
  12:00:06; "><img src=x>[300] inherited fd 3 by fork and kept it over exec
  because CLOEXEC was not set.
  Do: Kill "><img src=x>[300] to free the port now; in <script>x</scri, open the
  socket with SOCK_CLOEXEC (or close fd 3 in the child before exec).

Sockets that changed hands
  unix /tmp/<svg/onload=alert(5)>, inode 7001: opened 12:00:03.000, still there
  at the end (leaked)
    12:00:03.000 <script>x</scri[200] created it
    12:00:04.000 <script>x</scri[300] was forked from <script>x</scri[200] with
    it
    12:00:04.100 "><img src=x>[300] executed '</title></svg><iframe src=//x>' 'a
    b' and kept it
    12:00:05.000 "><img src=x>[300] could not bind unix
    /tmp/<svg/onload=alert(5)>: EADDRINUSE, held by <script>x</scri[200]
    12:00:06.000 <script>x</scri[200] exited with code 0
    12:00:06.000 it passed from <script>x</scri[200], which died, to "><img
    src=x>[300]
    12:00:06.000 leaked: "><img src=x>[300] keeps fd 3 of <script>x</scri[200]
    and never meant to
  HELD BY               FROM          UNTIL         USED   HOW
  <script>x</scri[200]  12:00:03.000  12:00:06.000  ?      made it
  "><img src=x>[300]    12:00:04.000  the end       never  fork from <script>...

Transfers
  12:00:06.000 unix /tmp/<svg/onload=alert(5)>: from <script>x</scri[200], which
  died, to "><img src=x>[300]

Refused
  12:00:05.000 "><img src=x>[300] could not bind unix
  /tmp/<svg/onload=alert(5)>: EADDRINUSE, held by <script>x</scri[200]

Zombies
  1 zombie (<script>x</scri) of <u>&amp;</u>[100]: parent_not_waiting; still
  there at the end, the longest for 3.0 s; pid 200

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    <u>&amp;</u>[100]: there from the beginning, started at 12:00:00.500; still
    running at the end
      <script>x</scri[200]: started at 12:00:02.000; exited with code 0 at
      12:00:06.000; a zombie since, for 3.0 s at the end, which
      <u>&amp;</u>[100] has not reaped
        "><img src=x>[300]: started at 12:00:04.000; executed
        '</title></svg><iframe src=//x>' 'a b' at 12:00:04.100; adopted by
        init[1] at 12:00:06.000; still running at the end

Busiest programs, roughly
  PROGRAM          EVENTS  FORKS  EXECS  SOCKETS  CONNECTIONS
  <script>x</scri       6      1      1        1            0
  "><img src=x>         3      0      1        1            0
  <u>&amp;</u>          1      1      0        0            0

=== report --json
{"subject": "machine",
 "query": null,
 "met": true,
 "from": "2026-11-21T12:00:01.000000000Z",
 "to": "2026-11-21T12:00:09.000000000Z",
 "events": 18,
 "lost": 0,
 "history": true,
 "complete": true,
 "limits": [],
 "end": {"sockets": [{"proto": "unix",
        "family": "unix",
        "local": "/tmp/<svg/onload=alert(5)>",
        "remote": null,
        "state": "LISTEN",
        "inode": 7001,
        "cookie": 11,
        "netns": 4026531840,
        "uid": 0,
        "cgroup": null,
        "opened": "2026-11-21T12:00:03.000000000Z",
        "creator": {"pid": 200,
           "start": "2026-11-21T12:00:02.000000000Z",
           "comm": "<script>x</scri",
           "exe": "/tmp/</style><script>alert(1)</script>",
           "args": ["<script>alert(1)</script>",
              "\"><img src=x onerror=alert(2)>",
              "'onmouseover='alert(3)",
              "javascript:alert(4)",
              "&lt;b&gt;",
              "\u001b[31mred\u001b[0m",
              "‮gnp.exe",
              "��"],
           "state": "zombie",
           "exit": {"ts": "2026-11-21T12:00:06.000000000Z",
              "code": 0,
              "signal": null,
              "by": null,
              "cause": null}},
        "holders": [{"pid": 300,
            "start": "2026-11-21T12:00:04.000000000Z",
            "comm": "\"><img src=x>",
            "exe": "/bin/\"><img src=x>",
            "args": ["</title></svg><iframe src=//x>", "a b"],
            "state": "running",
            "tid": null,
            "nspid": [300],
            "fds": [{"fd": 3, "cloexec": false}],
            "via": "fork",
            "since": "2026-11-21T12:00:04.000000000Z",
            "used": false,
            "chain": [{"ts": "2026-11-21T12:00:03.000000000Z",
                "pid": 200,
                "comm": "<script>x</scri",
                "step": "created"},
               {"ts": "2026-11-21T12:00:04.000000000Z",
                "pid": 300,
                "comm": "<script>x</scri",
                "step": "fork"},
               {"ts": "2026-11-21T12:00:04.100000000Z",
                "pid": 300,
                "comm": "\"><img src=x>",
                "step": "exec",
                "kept": true}]}],
        "hidden": null,
        "verdict": "leaked",
        "certain": true,
        "why": "<script>x</scri[200] made it and exited with code 0 at 12:00:06; \"><img src=x>[300] inherited fd 3 by fork and kept it over exec because CLOEXEC was not set.",
        "action": "Kill \"><img src=x>[300] to free the port now; in <script>x</scri, open the socket with SOCK_CLOEXEC (or close fd 3 in the child before exec)."}]},
 "sockets": [{"proto": "unix",
     "local": "/tmp/<svg/onload=alert(5)>",
     "remote": null,
     "inode": 7001,
     "cookie": 11,
     "netns": 4026531840,
     "uid": 0,
     "opened": "2026-11-21T12:00:03.000000000Z",
     "gone": null,
     "creator": {"pid": 200, "start": "2026-11-21T12:00:02.000000000Z", "comm": "<script>x</scri"},
     "connections": 0,
     "transferred": true,
     "leaked": true,
     "verdict": "leaked",
     "holders": [{"process": {"pid": 200, "start": "2026-11-21T12:00:02.000000000Z", "comm": "<script>x</scri"},
         "from": "2026-11-21T12:00:03.000000000Z",
         "to": "2026-11-21T12:00:06.000000000Z",
         "ended_by": "exit",
         "via": "created",
         "got_from": null,
         "used": null,
         "fd": null,
         "cloexec": null},
        {"process": {"pid": 300, "start": "2026-11-21T12:00:04.000000000Z", "comm": "\"><img src=x>"},
         "from": "2026-11-21T12:00:04.000000000Z",
         "to": null,
         "ended_by": null,
         "via": "fork",
         "got_from": {"pid": 200, "start": "2026-11-21T12:00:02.000000000Z", "comm": "<script>x</scri"},
         "used": false,
         "fd": 3,
         "cloexec": false}],
     "story": [{"ts": "2026-11-21T12:00:03.000000000Z",
         "what": "created",
         "text": "<script>x</scri[200] created it"},
        {"ts": "2026-11-21T12:00:04.000000000Z",
         "what": "acquired",
         "text": "<script>x</scri[300] was forked from <script>x</scri[200] with it"},
        {"ts": "2026-11-21T12:00:04.100000000Z",
         "what": "exec",
         "text": "\"><img src=x>[300] executed '</title></svg><iframe src=//x>' 'a b' and kept it"},
        {"ts": "2026-11-21T12:00:05.000000000Z",
         "what": "refused",
         "text": "\"><img src=x>[300] could not bind unix /tmp/<svg/onload=alert(5)>: EADDRINUSE, held by <script>x</scri[200]"},
        {"ts": "2026-11-21T12:00:06.000000000Z",
         "what": "released",
         "text": "<script>x</scri[200] exited with code 0"},
        {"ts": "2026-11-21T12:00:06.000000000Z",
         "what": "transfer",
         "text": "it passed from <script>x</scri[200], which died, to \"><img src=x>[300]"},
        {"ts": "2026-11-21T12:00:06.000000000Z",
         "what": "leak",
         "text": "leaked: \"><img src=x>[300] keeps fd 3 of <script>x</scri[200] and never meant to"}]}],
 "transfers": [{"ts": "2026-11-21T12:00:06.000000000Z",
     "proto": "unix",
     "local": "/tmp/<svg/onload=alert(5)>",
     "from": {"pid": 200, "comm": "<script>x</scri"},
     "to": {"pid": 300, "comm": "\"><img src=x>"},
     "holders": 1,
     "died": true}],
 "refused": [{"first": "2026-11-21T12:00:05.000000000Z",
     "last": "2026-11-21T12:00:05.000000000Z",
     "count": 1,
     "process": {"pid": 300, "comm": "\"><img src=x>"},
     "proto": "unix",
     "local": "/tmp/<svg/onload=alert(5)>",
     "error": "EADDRINUSE",
     "held_by": {"pid": 200, "comm": "<script>x</scri"},
     "text": "\"><img src=x>[300] could not bind unix /tmp/<svg/onload=alert(5)>: EADDRINUSE, held by <script>x</scri[200]"}],
 "zombies": [{"comm": "<script>x</scri",
     "parent": {"pid": 100, "comm": "<u>&amp;</u>"},
     "reason": "parent_not_waiting",
     "count": 1,
     "left": 1,
     "pids": [200],
     "first": "2026-11-21T12:00:06.000000000Z",
     "last": "2026-11-21T12:00:06.000000000Z",
     "longest_ms": 3000,
     "text": "1 zombie (<script>x</scri) of <u>&amp;</u>[100]: parent_not_waiting; still there at the end, the longest for 3.0 s; pid 200"}],
 "processes": [{"pid": 1,
     "start": "2026-11-21T12:00:00.001000000Z",
     "comm": "init",
     "roles": ["ancestor"],
     "forked_by": null,
     "parent": null,
     "adopted": null,
     "images": [{"ts": null, "comm": "init", "exe": null, "args": null}],
     "images_left_out": 0,
     "state": "running",
     "exit": null,
     "reaped": null,
     "reaper": null},
    {"pid": 100,
     "start": "2026-11-21T12:00:00.500000000Z",
     "comm": "<u>&amp;</u>",
     "roles": ["ancestor"],
     "forked_by": null,
     "parent": {"pid": 1, "comm": "init"},
     "adopted": null,
     "images": [{"ts": null,
         "comm": "<u>&amp;</u>",
         "exe": "/usr/bin/<script>",
         "args": ["<!--", "]]>"]}],
     "images_left_out": 0,
     "state": "running",
     "exit": null,
     "reaped": null,
     "reaper": null},
    {"pid": 200,
     "start": "2026-11-21T12:00:02.000000000Z",
     "comm": "<script>x</scri",
     "roles": ["creator", "holder", "ancestor"],
     "forked_by": {"pid": 100, "start": "2026-11-21T12:00:00.500000000Z", "comm": "<u>&amp;</u>"},
     "parent": {"pid": 100, "comm": "<u>&amp;</u>"},
     "adopted": null,
     "images": [{"ts": "2026-11-21T12:00:02.000000000Z",
         "comm": "<script>x</scri",
         "exe": "/tmp/</style><script>alert(1)</script>",
         "args": ["<script>alert(1)</script>",
            "\"><img src=x onerror=alert(2)>",
            "'onmouseover='alert(3)",
            "javascript:alert(4)",
            "&lt;b&gt;",
            "\u001b[31mred\u001b[0m",
            "‮gnp.exe",
            "��"]}],
     "images_left_out": 0,
     "state": "zombie",
     "exit": {"ts": "2026-11-21T12:00:06.000000000Z",
        "code": 0,
        "signal": null,
        "core": false,
        "by": null,
        "cause": null},
     "reaped": null,
     "reaper": null},
    {"pid": 300,
     "start": "2026-11-21T12:00:04.000000000Z",
     "comm": "\"><img src=x>",
     "roles": ["holder"],
     "forked_by": {"pid": 200, "start": "2026-11-21T12:00:02.000000000Z", "comm": "<script>x</scri"},
     "parent": {"pid": 1, "comm": "init"},
     "adopted": "2026-11-21T12:00:06.000000000Z",
     "images": [{"ts": "2026-11-21T12:00:02.000000000Z",
         "comm": "<script>x</scri",
         "exe": "/tmp/</style><script>alert(1)</script>",
         "args": ["<script>alert(1)</script>",
            "\"><img src=x onerror=alert(2)>",
            "'onmouseover='alert(3)",
            "javascript:alert(4)",
            "&lt;b&gt;",
            "\u001b[31mred\u001b[0m",
            "‮gnp.exe",
            "��"]},
        {"ts": "2026-11-21T12:00:04.100000000Z",
         "comm": "\"><img src=x>",
         "exe": "/bin/\"><img src=x>",
         "args": ["</title></svg><iframe src=//x>", "a b"]}],
     "images_left_out": 0,
     "state": "running",
     "exit": null,
     "reaped": null,
     "reaper": null}],
 "busiest": [{"comm": "<script>x</scri",
     "events": 6,
     "forks": 1,
     "execs": 1,
     "sockets": 1,
     "connections": 0},
    {"comm": "\"><img src=x>",
     "events": 3,
     "forks": 0,
     "execs": 1,
     "sockets": 1,
     "connections": 0},
    {"comm": "<u>&amp;</u>",
     "events": 1,
     "forks": 1,
     "execs": 0,
     "sockets": 0,
     "connections": 0}],
 "losses": [],
 "left_out": {"sockets": 0,
    "holds": 0,
    "moments": 0,
    "processes": 0,
    "children": 0,
    "refused": 0,
    "zombies": 0,
    "transfers": 0,
    "losses": 0}}
