# A service that got its listener from an activator, which executed it, accepts on it and lets its
# helper keep it.  On 8802 the same, but that the service runs a shell which runs the helper.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="systemd-socket-" exe="/usr/bin/systemd-socket-activate" args=["systemd-socket-activate","-l","8801"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 proto=tcp state=CLOSE files=0x200 fd=3
3s bind 200 inode=7001 cookie=11 netns=4026531840 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3
3s listen 200 inode=7001 cookie=11 netns=4026531840 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=3 backlog=128
4s exec 200 start=2000000000 files=0x200 old_tid=200 name="python3" exe="/usr/bin/python3" args=["/usr/bin/python3","/srv/svc.py"]
5s use 200 files=0x200 inode=7001 fd=3
5s fork 200 start=5000000000 files=0x300 parent_files=0x200 child=300 parent=200 exit_signal=17 pidns=4026531836
6s exec 300 start=5000000000 files=0x300 old_tid=300 name="sleep" exe="/usr/bin/sleep" args=["sleep","1000"]
7s signal 100 target=200 target_tid=200 signal=SIGTERM
7s exit 200 start=2000000000 files=0x200 parent=100 code=-1 signal=SIGTERM
7s wait 100 nr=200
7s free 200 start=2000000000
12s fork 100 start=12000000000 files=0x400 parent_files=0x100 child=400 parent=100 exit_signal=17 pidns=4026531836
12s exec 400 start=12000000000 files=0x400 old_tid=400 name="activator" exe="/usr/bin/activator" args=["activator"]
13s socket 400 inode=7002 cookie=12 netns=4026531840 proto=tcp state=CLOSE files=0x400 fd=5
13s bind 400 inode=7002 cookie=12 netns=4026531840 proto=tcp local=0.0.0.0:8802 state=CLOSE fd=5
13s listen 400 inode=7002 cookie=12 netns=4026531840 proto=tcp local=0.0.0.0:8802 state=LISTEN fd=5 backlog=128
14s fork 400 start=14000000000 files=0x401 parent_files=0x400 child=401 parent=400 exit_signal=17 pidns=4026531836
14s install 401 inode=7002 cookie=12 netns=4026531840 proto=tcp local=0.0.0.0:8802 state=LISTEN files=0x401 fd=3 from_fd=5 via=dup
14s close 401 files=0x401 inode=7002 cookie=12 fd=5
15s exec 401 start=14000000000 files=0x401 old_tid=401 name="svc" exe="/srv/svc" args=["/srv/svc"]
15s fork 401 start=15500000000 files=0x402 parent_files=0x401 child=402 parent=401 exit_signal=17 pidns=4026531836
16s exec 402 start=15500000000 files=0x402 old_tid=402 name="sh" exe="/usr/bin/sh" args=["sh","-c","sleep 1000; true"]
16s fork 402 start=16500000000 files=0x403 parent_files=0x402 child=403 parent=402 exit_signal=17 pidns=4026531836
17s exec 403 start=16500000000 files=0x403 old_tid=403 name="sleep" exe="/usr/bin/sleep" args=["sleep","1000"]
18s exit 400 start=12000000000 files=0x400 parent=100 code=0
18s exit 401 start=14000000000 files=0x401 parent=1 code=0
18s exit 402 start=15500000000 files=0x402 parent=1 code=0
20s tick 0

=== port 8801
tcp 0.0.0.0:8801  LISTEN
  inode 7001, uid 0
  Made by systemd-socket-[200], later python3 (/usr/bin/python3 /srv/svc.py) at
  12:00:03.000 (17 s ago), dead: killed by SIGTERM from bash[100] at
  12:00:07.000.
  Held by sleep[300], running: sleep 1000
    fd 3, CLOEXEC missing; inherited by fork from python3[200] at 12:00:05.000
    (15 s ago); it never used it
      12:00:03.000 systemd-socket-[200] created it
      12:00:04.000 python3[200] executed this program and kept it
      12:00:05.000 python3[300] forked from python3[200] with it
      12:00:06.000 sleep[300] executed this program and kept it
  Verdict: leaked — systemd-socket-[200], later python3, made it and was killed
  by SIGTERM from bash[100] at 12:00:07; sleep[300] inherited fd 3 by fork and
  kept it over exec because CLOEXEC was not set.
  Do: Kill sleep[300] to free the port now; in python3 (svc.py), set FD_CLOEXEC
  on fd 3 or close it in the child before exec.

=== port 8802
tcp 0.0.0.0:8802  LISTEN
  inode 7002, uid 0
  Made by activator[400] (activator) at 12:00:13.000 (7.0 s ago), zombie: exited
  with code 0 at 12:00:18.000.
  Held by sleep[403], running: sleep 1000
    fd 3, CLOEXEC missing; inherited by fork from sh[402] at 12:00:16.000 (4.0 s
    ago); it never used it
      12:00:13.000 activator[400] created it
      12:00:14.000 activator[401] forked from activator[400] with it
      12:00:15.000 svc[401] executed this program and kept it
      12:00:15.500 svc[402] forked from svc[401] with it
      12:00:16.000 sh[402] executed this program and kept it
      12:00:16.500 sh[403] forked from sh[402] with it
      12:00:17.000 sleep[403] executed this program and kept it
  Verdict: leaked — activator[400] made it and exited with code 0 at 12:00:18;
  sleep[403] inherited fd 3 by fork and kept it over exec because CLOEXEC was
  not set.
  Do: Kill sleep[403] to free the port now; in svc, set FD_CLOEXEC on fd 3 or
  close it in the child before exec.

=== ports --leaked
PROTO  LOCAL         STATE   CREATOR          HELD BY     VERDICT
tcp    0.0.0.0:8801  LISTEN  †python3[200]    sleep[300]  leaked
tcp    0.0.0.0:8802  LISTEN  †activator[400]  sleep[403]  leaked

2 sockets: 2 leaked. `probate port PORT` says more.
=== exit 1
