# Whether the child runs its parent's program is not known, as the option before it is not: it is
# called no leak, and nothing certain either.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="python3" exe="/usr/bin/python3" args=["python3","/srv/server.py"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 proto=tcp state=CLOSE files=0x200 fd=3
3s bind 200 inode=7001 cookie=11 netns=4026531840 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3
3s listen 200 inode=7001 cookie=11 netns=4026531840 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=3 backlog=128
4s fork 200 start=4000000000 files=0x300 parent_files=0x200 child=300 parent=200 exit_signal=17 pidns=4026531836
5s exec 300 start=4000000000 files=0x300 old_tid=300 name="python3" exe="/usr/bin/python3" args=["python3","--not-known","word","/srv/worker.py"]
7s exit 200 start=2000000000 files=0x200 parent=100 code=0
10s tick 0

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by python3[200] (python3 /srv/server.py) at 12:00:03.000 (7.0 s ago),
  zombie: exited with code 0 at 12:00:07.000.
  Held by python3[300], running: python3 --not-known word /srv/worker.py
    fd 3, CLOEXEC missing; inherited by fork from python3[200] at 12:00:04.000
    (6.0 s ago); it never used it
      12:00:03.000 python3[200] created it
      12:00:04.000 python3[300] forked from python3[200] with it
      12:00:05.000 python3[300] executed this program and kept it
  Verdict: inherited (not certain) — python3[200] made it and exited with code 0
  at 12:00:07; as far as was seen, python3[300] inherited it and has not used it
  so far.
  Do: Stop python3[300] if you need it free; see first whether clients still get
  an answer from it.
