# Everything was there before: no history, no guess.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=8 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_task 500 start=600000000 files=0x500 parent=1 sid=500 pgid=500 pidns=4026531836 netns=4026531840 exit_signal=17 name="nginx"
1s scan_fd 500 inode=7200 cookie=31 netns=4026531840 local=[::]:80 proto=tcp6 state=LISTEN files=0x500 fd=6 cloexec=2
1s scan_fd 500 inode=7201 cookie=32 netns=4026531840 local=127.0.0.1:53 proto=udp state=CLOSE files=0x500 fd=7 cloexec=1
1s scan_end 0 scope=7 begin=1000000000
1s scan_args 500 start=600000000 exe="/usr/sbin/nginx" args=["nginx: master process /usr/sbin/nginx"]

=== ports
PROTO  LOCAL         STATE   CREATOR  HELD BY     VERDICT
tcp    [::]:80       LISTEN  ?        nginx[500]  held
udp    127.0.0.1:53  UNCONN  ?        nginx[500]  held

2 sockets: 2 held.
Who made a socket is known only for those made while probate watches (-w).

=== port 80
tcp [::]:80  LISTEN
  inode 7200, uid 0
  Made before anything was watching: by whom is not known.
  Held by nginx[500], running: nginx: master process /usr/sbin/nginx
    fd 6, CLOEXEC not known; found there; how it came was not seen
  Verdict: held (not certain) — nginx[500] holds it; who made it is not known,
  because that was before anything was watching.
  Do: Make sure nobody needs it, then stop nginx[500] to free it; leave probate
  ports -w running to know the creator next time.

=== port 0.0.0.0:80
tcp [::]:80  LISTEN
  inode 7200, uid 0
  Made before anything was watching: by whom is not known.
  Held by nginx[500], running: nginx: master process /usr/sbin/nginx
    fd 6, CLOEXEC not known; found there; how it came was not seen
  Verdict: held (not certain) — nginx[500] holds it; who made it is not known,
  because that was before anything was watching.
  Do: Make sure nobody needs it, then stop nginx[500] to free it; leave probate
  ports -w running to know the creator next time.

=== port --json 0.0.0.0:80
{"query": "0.0.0.0:80",
 "held": true,
 "sockets": [{"proto": "tcp",
     "family": "inet6",
     "local": "[::]:80",
     "remote": null,
     "state": "LISTEN",
     "inode": 7200,
     "cookie": 31,
     "netns": 4026531840,
     "uid": 0,
     "cgroup": null,
     "opened": null,
     "creator": null,
     "holders": [{"pid": 500,
         "start": "2026-11-21T12:00:00.600000000Z",
         "comm": "nginx",
         "exe": "/usr/sbin/nginx",
         "args": ["nginx: master process /usr/sbin/nginx"],
         "state": "running",
         "tid": null,
         "nspid": [500],
         "fds": [{"fd": 6, "cloexec": null}],
         "via": "scan",
         "since": null,
         "used": null,
         "chain": [{"ts": "2026-11-21T12:00:01.000000000Z",
             "pid": 500,
             "comm": "nginx",
             "step": "scan"}]}],
     "hidden": null,
     "verdict": "held",
     "certain": false,
     "why": "nginx[500] holds it; who made it is not known, because that was before anything was watching.",
     "action": "Make sure nobody needs it, then stop nginx[500] to free it; leave probate ports -w running to know the creator next time.",
     "elsewhere": false}],
 "bind": {"tcp": {"plain": false,
       "reuseaddr": false,
       "reuseport": false,
       "both": false,
       "reuseport_uid": null},
    "udp": {"plain": true, "reuseaddr": true, "reuseport": true, "both": true, "reuseport_uid": null}}}

=== port 127.0.0.1:53
udp 127.0.0.1:53  UNCONN
  inode 7201, uid 0
  Made before anything was watching: by whom is not known.
  Held by nginx[500], running: nginx: master process /usr/sbin/nginx
    fd 7, CLOEXEC set; found there; how it came was not seen
  Verdict: held (not certain) — nginx[500] holds it; who made it is not known,
  because that was before anything was watching.
  Do: Make sure nobody needs it, then stop nginx[500] to free it; leave probate
  ports -w running to know the creator next time.

=== port 127.0.0.2:53
Nothing holds 127.0.0.2:53: it is free.
=== exit 1
