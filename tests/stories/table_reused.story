# A scan meets a process before the ring tells of an earlier one that had the same address for its
# descriptor table: the table is that of the later one, and nothing it holds is gone.

1000000000 source 0/0 caps=3 filter=0xffffffffffffffff
1000000000 clock 0/0 realtime=1700000000000000000
2000000000 fork 1/1 start=1999999000 files=0xa1 parent_files=0xa0 child=100 parent=1 exit_signal=17 pidns=4026531836
2000000100 socket 100/100 inode=77 cookie=7 netns=4026531833 proto=tcp state=CLOSE files=0xa1 fd=3
2000000200 bind 100/100 inode=77 cookie=7 netns=4026531833 local=127.0.0.1:8080 proto=tcp state=CLOSE fd=3
2000000300 listen 100/100 inode=77 cookie=7 netns=4026531833 local=127.0.0.1:8080 proto=tcp state=LISTEN fd=3
3000000000 scan_begin 0/0 scope=3
3000000500 scan_task 102/102 start=3000000300 files=0xb0 parent=100 pidns=4026531836 exit_signal=17 wait_pid=-1 name="child"
3000000600 scan_fd 102/102 inode=77 cookie=7 netns=4026531833 local=127.0.0.1:8080 proto=tcp state=LISTEN files=0xb0 fd=3
3000000100 fork 1/1 start=3000000090 files=0xb0 parent_files=0xa0 child=101 parent=1 exit_signal=17 pidns=4026531836
3000000200 exit 101/101 start=3000000090 files=0xb0 parent=1
3000000310 fork 100/100 start=3000000300 files=0xb0 parent_files=0xa1 child=102 parent=100 exit_signal=17 pidns=4026531836
3000000700 exit 100/100 start=1999999000 files=0xa1 parent=1
3000000800 scan_end 0/0 scope=3 begin=3000000000
4000000000 tick 0

=== port 8080
tcp 127.0.0.1:8080  LISTEN
  inode 77, uid 0
  Made by pid 100 at 22:13:21.000 (1.9 s ago), zombie: exited with code 0 at
  22:13:22.000.
  Held by child[102], running
    fd 3, CLOEXEC missing; inherited by fork from pid 100 at 22:13:22.000
  Verdict: inherited — pid 100 made it and exited with code 0 at 22:13:22;
  child[102] inherited it and holds it, and whether it uses it was not watched.
  Do: Stop child[102] if you need it free; see first whether clients still get
  an answer from it.

=== port --json 8080
{"query": "8080",
 "held": true,
 "sockets": [{"proto": "tcp",
     "family": "inet",
     "local": "127.0.0.1:8080",
     "remote": null,
     "state": "LISTEN",
     "inode": 77,
     "cookie": 7,
     "netns": 4026531833,
     "uid": 0,
     "cgroup": null,
     "opened": "2023-11-14T22:13:21.000000100Z",
     "creator": {"pid": 100,
        "start": "2023-11-14T22:13:20.999999000Z",
        "comm": null,
        "exe": null,
        "args": null,
        "state": "zombie",
        "exit": {"ts": "2023-11-14T22:13:22.000000700Z",
           "code": 0,
           "signal": null,
           "by": null,
           "cause": null}},
     "holders": [{"pid": 102,
         "start": "2023-11-14T22:13:22.000000300Z",
         "comm": "child",
         "exe": null,
         "args": null,
         "state": "running",
         "tid": null,
         "nspid": [102],
         "fds": [{"fd": 3, "cloexec": false}],
         "via": "fork",
         "since": "2023-11-14T22:13:22.000000310Z",
         "used": null,
         "chain": [{"ts": "2023-11-14T22:13:21.000000100Z",
             "pid": 100,
             "comm": null,
             "step": "created"},
            {"ts": "2023-11-14T22:13:22.000000300Z",
             "pid": 102,
             "comm": "child",
             "step": "fork"}]}],
     "hidden": null,
     "verdict": "inherited",
     "certain": true,
     "why": "pid 100 made it and exited with code 0 at 22:13:22; child[102] inherited it and holds it, and whether it uses it was not watched.",
     "action": "Stop child[102] if you need it free; see first whether clients still get an answer from it.",
     "elsewhere": false}],
 "bind": {"tcp": {"plain": false,
       "reuseaddr": false,
       "reuseport": false,
       "both": false,
       "reuseport_uid": null},
    "udp": {"plain": true, "reuseaddr": true, "reuseport": true, "both": true, "reuseport_uid": null}}}

=== trace
22:13:21.000  fork      pid 1             -> pid 100
22:13:21.000  socket    pid 100           tcp fd 3, no CLOEXEC
22:13:21.000  bind      pid 100           tcp 127.0.0.1:8080 fd 3
22:13:21.000  listen    pid 100           tcp 127.0.0.1:8080 fd 3
22:13:22.000  fork      pid 1             -> pid 101
22:13:22.000  exit      pid 101           code 0
22:13:22.000  fork      pid 100           -> child[102]
22:13:22.000  exit      pid 100           code 0
22:13:22.000  transfer  pid 100   -> child[102] tcp 127.0.0.1:8080, creator died
22:13:22.000  reparent  child[102]        from pid 100 to pid 1
22:13:23.000  zombie    pid 1             pid 101 dead for 999 ms, not reaped
22:13:23.000  zombie    pid 1             pid 100 dead for 999 ms, not reaped
