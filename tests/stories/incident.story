# A post-mortem: a leak keeps the port, a restart is refused, events are lost, the holder is killed,
# and the new server hands its listener over.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x200 fd=3
3s bind 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3
3s listen 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=3 backlog=128
5s fork 200 start=5000000000 files=0x300 parent_files=0x200 child=300 parent=200 uid=0 exit_signal=17 pidns=4026531836
6s exec 300 start=5000000000 files=0x300 old_tid=300 name="sleep" exe="/usr/bin/sleep" args=["sleep","1000"]
6s scan_begin 300 scope=8 files=0x300
6s scan_fd 300 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN files=0x300 fd=3
6s scan_end 300 scope=8 files=0x300 begin=6000000000
7s signal 100 target=200 target_tid=200 signal=SIGKILL
7s exit 200 start=2000000000 files=0x200 parent=100 code=-1 signal=SIGKILL
8s wait 100 nr=200
8s free 200 start=2000000000
10s tick 0
11s fork 100 start=11000000000 files=0x500 parent_files=0x100 child=500 parent=100 uid=0 exit_signal=17 pidns=4026531836
11001000000 exec 500 start=11000000000 files=0x500 old_tid=500 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
11002000000 socket 500 inode=7500 cookie=75 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x500 fd=3
11003000000 bind 500 inode=7500 cookie=75 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3 error=EADDRINUSE
11004000000 exit 500 start=11000000000 files=0x500 parent=100 code=1
11005000000 wait 100 nr=500
12s fork 100 start=12000000000 files=0x510 parent_files=0x100 child=510 parent=100 uid=0 exit_signal=17 pidns=4026531836
12001000000 exec 510 start=12000000000 files=0x510 old_tid=510 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
12003000000 bind 510 inode=7510 cookie=76 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3 error=EADDRINUSE
12004000000 exit 510 start=12000000000 files=0x510 parent=100 code=1
15s lost 0 count=4711
16s scan_begin 0 scope=7
16s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
16s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
16s scan_task 300 start=5000000000 files=0x300 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=default name="sleep"
16s scan_task 510 start=12000000000 files=0 parent=100 sid=100 pgid=100 status=256 flags=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=default name="server"
16s scan_fd 300 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN files=0x300 fd=3
16s scan_end 0 scope=7 begin=16000000000
20s signal 100 target=300 target_tid=300 signal=SIGTERM
20001000000 exit 300 start=5000000000 files=0x300 parent=1 code=-1 signal=SIGTERM
20002000000 wait 1 nr=300
20002000000 destroy 0 inode=7001 cookie=11
21s fork 100 start=21000000000 files=0x600 parent_files=0x100 child=600 parent=100 uid=0 exit_signal=17 pidns=4026531836
21001000000 exec 600 start=21000000000 files=0x600 old_tid=600 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
21002000000 socket 600 inode=7600 cookie=80 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x600 fd=3 cloexec=1
21003000000 bind 600 inode=7600 cookie=80 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3
21004000000 listen 600 inode=7600 cookie=80 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=3 backlog=128
30s fork 100 start=30000000000 files=0x700 parent_files=0x100 child=700 parent=100 uid=0 exit_signal=17 pidns=4026531836
30001000000 exec 700 start=30000000000 files=0x700 old_tid=700 name="server-2" exe="/srv/server-2" args=["/srv/server-2"]
31s pass 600 files=0x600 inode=7600 cookie=80 over=7055 fd=3
31001000000 install 700 inode=7600 cookie=80 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN files=0x700 fd=9 from_fd=-1 via=scm_rights cloexec=1
32s exit 600 start=21000000000 files=0x600 parent=100 code=0
33s wait 100 nr=600
40s tick 0

=== report 8801
Report on port 8801
  From 2026-11-21 12:00:01.000 to 12:00:40.000 UTC (39 s)
  55 events, 4711 lost

How it stood at the end
tcp 0.0.0.0:8801 LISTEN
  inode 7600, uid 0
  Made by server[600] (/srv/server --port 8801) at 12:00:21.002, dead: exited
  with code 0 at 12:00:32.000.
  Held by server-2[700], running: /srv/server-2
    fd 9, CLOEXEC set; received over a UNIX socket (SCM_RIGHTS) at 12:00:31.001;
    it never used it
      12:00:21.002 server[600] created it
      12:00:31.001 server-2[700] received it by SCM_RIGHTS from server[600]
  Verdict: passed — server[600] made it and exited with code 0 at 12:00:32;
  server-2[700] was given it over a UNIX socket by server[600].
  Do: It was handed over on purpose; stop server-2[700] if you need it free.

Sockets that had it
  tcp 0.0.0.0:8801, inode 7001: opened 12:00:03.000, gone 12:00:20.001
    12:00:03.000 server[200] created it
    12:00:03.000 server[200] bound it to tcp 0.0.0.0:8801
    12:00:03.000 server[200] listened on it
    12:00:05.000 server[300] was forked from server[200] with it
    12:00:06.000 sleep[300] executed sleep 1000 and kept it
    12:00:07.000 server[200] was killed by SIGKILL from bash[100]
    12:00:07.000 it passed from server[200], which died, to sleep[300]
    12:00:07.000 leaked: sleep[300] keeps fd 3 of server[200] and never meant to
    12:00:11.003 server[500] could not bind tcp 0.0.0.0:8801: EADDRINUSE, held
    by sleep[300]; 2 times, the last as pid 510 at 12:00:12.003
    12:00:15.000 4711 events were lost here
    12:00:20.001 sleep[300] was killed by SIGTERM from bash[100]
    12:00:20.001 it was gone: nothing held it any more
  HELD BY      FROM          UNTIL         USED   HOW
  server[200]  12:00:03.000  12:00:07.000  yes    made it
  sleep[300]   12:00:05.000  12:00:20.001  never  fork from server[200]

  tcp 0.0.0.0:8801, inode 7600: opened 12:00:21.002, still there at the end
  (passed)
    12:00:21.002 server[600] created it
    12:00:21.003 server[600] bound it to tcp 0.0.0.0:8801
    12:00:21.004 server[600] listened on it
    12:00:31.000 server[600] sent it over a UNIX socket
    12:00:31.001 server-2[700] received it by SCM_RIGHTS from server[600]
    12:00:32.000 server[600] exited with code 0
    12:00:32.000 it passed from server[600], which died, to server-2[700]
  HELD BY        FROM          UNTIL         USED   HOW
  server[600]    12:00:21.002  12:00:32.000  yes    made it
  server-2[700]  12:00:31.001  the end       never  SCM_RIGHTS from server[600]

Refused
  12:00:11.003 server[500] could not bind tcp 0.0.0.0:8801: EADDRINUSE, held by
  sleep[300]; 2 times, the last as pid 510 at 12:00:12.003

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      server[200]: started at 12:00:02.000; killed by SIGKILL from bash[100] at
      12:00:07.000; a zombie for 1.0 s; reaped by bash[100] at 12:00:08.000
        sleep[300]: started at 12:00:05.000; executed sleep 1000 at
        12:00:06.000; adopted by init[1] at 12:00:07.000; killed by SIGTERM from
        bash[100] at 12:00:20.001; reaped by init[1] at 12:00:20.002
      server[600]: started at 12:00:21.000; executed /srv/server --port 8801 at
      12:00:21.001; exited with code 0 at 12:00:32.000; a zombie for 1.0 s;
      reaped by bash[100] at 12:00:33.000
      server-2[700]: started at 12:00:30.000; executed /srv/server-2 at
      12:00:30.001; still running at the end

Losses
  12:00:15.000 4711 events were lost; a scan made up for it at 12:00:16.000: 0
  facts over, 0 new

=== report pid 300
Report on process 300
  From 2026-11-21 12:00:01.000 to 12:00:40.000 UTC (39 s)
  55 events, 4711 lost

How it stood at the end
sleep[300] dead
  Started at 12:00:05.000; executed sleep 1000 at 12:00:06.000; adopted by
  init[1] at 12:00:07.000; killed by SIGTERM from bash[100] at 12:00:20.001;
  reaped by init[1] at 12:00:20.002.

Sockets it held
  tcp 0.0.0.0:8801, inode 7001: opened 12:00:03.000, gone 12:00:20.001
    12:00:03.000 server[200] created it
    12:00:05.000 server[300] was forked from server[200] with it
    12:00:06.000 sleep[300] executed sleep 1000 and kept it
    12:00:07.000 server[200] was killed by SIGKILL from bash[100]
    12:00:07.000 it passed from server[200], which died, to sleep[300]
    12:00:07.000 leaked: sleep[300] keeps fd 3 of server[200] and never meant to
    12:00:15.000 4711 events were lost here
    12:00:20.001 sleep[300] was killed by SIGTERM from bash[100]
    12:00:20.001 it was gone: nothing held it any more
  HELD BY      FROM          UNTIL         USED   HOW
  server[200]  12:00:03.000  12:00:07.000  yes    made it
  sleep[300]   12:00:05.000  12:00:20.001  never  fork from server[200]

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      server[200]: started at 12:00:02.000; killed by SIGKILL from bash[100] at
      12:00:07.000; a zombie for 1.0 s; reaped by bash[100] at 12:00:08.000
        sleep[300]: started at 12:00:05.000; executed sleep 1000 at
        12:00:06.000; adopted by init[1] at 12:00:07.000; killed by SIGTERM from
        bash[100] at 12:00:20.001; reaped by init[1] at 12:00:20.002

Losses
  12:00:15.000 4711 events were lost; a scan made up for it at 12:00:16.000: 0
  facts over, 0 new

=== report
Report on the whole machine
  From 2026-11-21 12:00:01.000 to 12:00:40.000 UTC (39 s)
  55 events, 4711 lost

How it stood at the end
3 processes, 1 zombie; 1 socket bound or listening, 0 leaked.

Sockets that changed hands
  tcp 0.0.0.0:8801, inode 7001: opened 12:00:03.000, gone 12:00:20.001
    12:00:03.000 server[200] created it
    12:00:05.000 server[300] was forked from server[200] with it
    12:00:06.000 sleep[300] executed sleep 1000 and kept it
    12:00:07.000 server[200] was killed by SIGKILL from bash[100]
    12:00:07.000 it passed from server[200], which died, to sleep[300]
    12:00:07.000 leaked: sleep[300] keeps fd 3 of server[200] and never meant to
    12:00:11.003 server[500] could not bind tcp 0.0.0.0:8801: EADDRINUSE, held
    by sleep[300]; 2 times, the last as pid 510 at 12:00:12.003
    12:00:15.000 4711 events were lost here
    12:00:20.001 sleep[300] was killed by SIGTERM from bash[100]
    12:00:20.001 it was gone: nothing held it any more
  HELD BY      FROM          UNTIL         USED   HOW
  server[200]  12:00:03.000  12:00:07.000  ?      made it
  sleep[300]   12:00:05.000  12:00:20.001  never  fork from server[200]

  tcp 0.0.0.0:8801, inode 7600: opened 12:00:21.002, still there at the end
  (passed)
    12:00:21.002 server[600] created it
    12:00:31.001 server-2[700] received it by SCM_RIGHTS from server[600]
    12:00:32.000 server[600] exited with code 0
    12:00:32.000 it passed from server[600], which died, to server-2[700]
  HELD BY        FROM          UNTIL         USED   HOW
  server[600]    12:00:21.002  12:00:32.000  ?      made it
  server-2[700]  12:00:31.001  the end       never  SCM_RIGHTS from server[600]

Transfers
  12:00:07.000 tcp 0.0.0.0:8801: from server[200], which died, to sleep[300]
  12:00:32.000 tcp 0.0.0.0:8801: from server[600], which died, to server-2[700]

Refused
  12:00:11.003 server[500] could not bind tcp 0.0.0.0:8801: EADDRINUSE, held by
  sleep[300]; 2 times, the last as pid 510 at 12:00:12.003

Zombies
  3 zombies (server) of bash[100]: parent_not_waiting; 1 of them still there at
  the end, the longest for 27 s; pid 200, 510, 600

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      server[200]: started at 12:00:02.000; killed by SIGKILL from bash[100] at
      12:00:07.000; a zombie for 1.0 s; reaped by bash[100] at 12:00:08.000
        sleep[300]: started at 12:00:05.000; executed sleep 1000 at
        12:00:06.000; adopted by init[1] at 12:00:07.000; killed by SIGTERM from
        bash[100] at 12:00:20.001; reaped by init[1] at 12:00:20.002
      server[600]: started at 12:00:21.000; executed /srv/server --port 8801 at
      12:00:21.001; exited with code 0 at 12:00:32.000; a zombie for 1.0 s;
      reaped by bash[100] at 12:00:33.000
      server-2[700]: started at 12:00:30.000; executed /srv/server-2 at
      12:00:30.001; still running at the end

Busiest programs, roughly
  PROGRAM   EVENTS  FORKS  EXECS  SOCKETS  CONNECTIONS
  server        20      1      4        3            0
  bash          10      5      0        0            0
  server-2       2      0      1        0            0
  sleep          2      0      1        0            0
  init           1      0      0        0            0

Losses
  12:00:15.000 4711 events were lost; a scan made up for it at 12:00:16.000: 0
  facts over, 0 new

=== COLUMNS=60 report tcp/8801
Report on tcp/8801
  From 2026-11-21 12:00:01.000 to 12:00:40.000 UTC (39 s)
  55 events, 4711 lost

How it stood at the end
tcp 0.0.0.0:8801 LISTEN
  inode 7600, uid 0
  Made by server[600] (/srv/server --port 8801) at
  12:00:21.002, dead: exited with code 0 at 12:00:32.000.
  Held by server-2[700], running: /srv/server-2
    fd 9, CLOEXEC set; received over a UNIX socket
    (SCM_RIGHTS) at 12:00:31.001; it never used it
      12:00:21.002 server[600] created it
      12:00:31.001 server-2[700] received it by SCM_RIGHTS
      from server[600]
  Verdict: passed — server[600] made it and exited with code
  0 at 12:00:32; server-2[700] was given it over a UNIX
  socket by server[600].
  Do: It was handed over on purpose; stop server-2[700] if
  you need it free.

Sockets that had it
  tcp 0.0.0.0:8801, inode 7001: opened 12:00:03.000, gone
  12:00:20.001
    12:00:03.000 server[200] created it
    12:00:03.000 server[200] bound it to tcp 0.0.0.0:8801
    12:00:03.000 server[200] listened on it
    12:00:05.000 server[300] was forked from server[200]
    with it
    12:00:06.000 sleep[300] executed sleep 1000 and kept it
    12:00:07.000 server[200] was killed by SIGKILL from
    bash[100]
    12:00:07.000 it passed from server[200], which died, to
    sleep[300]
    12:00:07.000 leaked: sleep[300] keeps fd 3 of
    server[200] and never meant to
    12:00:11.003 server[500] could not bind tcp
    0.0.0.0:8801: EADDRINUSE, held by sleep[300]; 2 times,
    the last as pid 510 at 12:00:12.003
    12:00:15.000 4711 events were lost here
    12:00:20.001 sleep[300] was killed by SIGTERM from
    bash[100]
    12:00:20.001 it was gone: nothing held it any more
  HELD BY     FROM          UNTIL         USED   HOW
  server[...  12:00:03.000  12:00:07.000  yes    made it
  sleep[300]  12:00:05.000  12:00:20.001  never  fork fro...

  tcp 0.0.0.0:8801, inode 7600: opened 12:00:21.002, still
  there at the end (passed)
    12:00:21.002 server[600] created it
    12:00:21.003 server[600] bound it to tcp 0.0.0.0:8801
    12:00:21.004 server[600] listened on it
    12:00:31.000 server[600] sent it over a UNIX socket
    12:00:31.001 server-2[700] received it by SCM_RIGHTS
    from server[600]
    12:00:32.000 server[600] exited with code 0
    12:00:32.000 it passed from server[600], which died, to
    server-2[700]
  HELD BY     FROM          UNTIL         USED   HOW
  server[...  12:00:21.002  12:00:32.000  yes    made it
  server-...  12:00:31.001  the end       never  SCM_RIGH...

Refused
  12:00:11.003 server[500] could not bind tcp 0.0.0.0:8801:
  EADDRINUSE, held by sleep[300]; 2 times, the last as pid
  510 at 12:00:12.003

Processes
  init[1]: there from the beginning, started at
  12:00:00.001; still running at the end
    bash[100]: there from the beginning, started at
    12:00:00.500; still running at the end
      server[200]: started at 12:00:02.000; killed by
      SIGKILL from bash[100] at 12:00:07.000; a zombie for
      1.0 s; reaped by bash[100] at 12:00:08.000
        sleep[300]: started at 12:00:05.000; executed sleep
        1000 at 12:00:06.000; adopted by init[1] at
        12:00:07.000; killed by SIGTERM from bash[100] at
        12:00:20.001; reaped by init[1] at 12:00:20.002
      server[600]: started at 12:00:21.000; executed
      /srv/server --port 8801 at 12:00:21.001; exited with
      code 0 at 12:00:32.000; a zombie for 1.0 s; reaped by
      bash[100] at 12:00:33.000
      server-2[700]: started at 12:00:30.000; executed
      /srv/server-2 at 12:00:30.001; still running at the
      end

Losses
  12:00:15.000 4711 events were lost; a scan made up for it
  at 12:00:16.000: 0 facts over, 0 new

=== report 600
Report on process 600
  From 2026-11-21 12:00:01.000 to 12:00:40.000 UTC (39 s)
  55 events, 4711 lost

How it stood at the end
server[600] dead
  Started at 12:00:21.000; executed /srv/server --port 8801 at 12:00:21.001;
  exited with code 0 at 12:00:32.000; a zombie for 1.0 s; reaped by bash[100] at
  12:00:33.000.

Sockets it held
  tcp 0.0.0.0:8801, inode 7600: opened 12:00:21.002, still there at the end
  (passed)
    12:00:21.002 server[600] created it
    12:00:21.003 server[600] bound it to tcp 0.0.0.0:8801
    12:00:21.004 server[600] listened on it
    12:00:31.000 server[600] sent it over a UNIX socket
    12:00:31.001 server-2[700] received it by SCM_RIGHTS from server[600]
    12:00:32.000 server[600] exited with code 0
    12:00:32.000 it passed from server[600], which died, to server-2[700]
  HELD BY        FROM          UNTIL         USED   HOW
  server[600]    12:00:21.002  12:00:32.000  yes    made it
  server-2[700]  12:00:31.001  the end       never  SCM_RIGHTS from server[600]

Processes
  init[1]: there from the beginning, started at 12:00:00.001; still running at
  the end
    bash[100]: there from the beginning, started at 12:00:00.500; still running
    at the end
      server[600]: started at 12:00:21.000; executed /srv/server --port 8801 at
      12:00:21.001; exited with code 0 at 12:00:32.000; a zombie for 1.0 s;
      reaped by bash[100] at 12:00:33.000
      server-2[700]: started at 12:00:30.000; executed /srv/server-2 at
      12:00:30.001; still running at the end

Losses
  12:00:15.000 4711 events were lost; a scan made up for it at 12:00:16.000: 0
  facts over, 0 new

=== report port 600
Report on port 600
  From 2026-11-21 12:00:01.000 to 12:00:40.000 UTC (39 s)
  55 events, 4711 lost

How it stood at the end
Nothing held port 600: it was free.
  No socket had it in all that time.

Losses
  12:00:15.000 4711 events were lost; a scan made up for it at 12:00:16.000: 0
  facts over, 0 new
=== exit 1

=== report --json pid 600
{"subject": "pid",
 "query": "600",
 "met": true,
 "from": "2026-11-21T12:00:01.000000000Z",
 "to": "2026-11-21T12:00:40.000000000Z",
 "events": 55,
 "lost": 4711,
 "history": true,
 "complete": true,
 "limits": [],
 "end": {"sockets": []},
 "sockets": [{"proto": "tcp",
     "local": "0.0.0.0:8801",
     "remote": null,
     "inode": 7600,
     "cookie": 80,
     "netns": 4026531840,
     "uid": 0,
     "opened": "2026-11-21T12:00:21.002000000Z",
     "gone": null,
     "creator": {"pid": 600, "start": "2026-11-21T12:00:21.000000000Z", "comm": "server"},
     "connections": 0,
     "transferred": true,
     "leaked": false,
     "verdict": "passed",
     "holders": [{"process": {"pid": 600, "start": "2026-11-21T12:00:21.000000000Z", "comm": "server"},
         "from": "2026-11-21T12:00:21.002000000Z",
         "to": "2026-11-21T12:00:32.000000000Z",
         "ended_by": "exit",
         "via": "created",
         "got_from": null,
         "used": true,
         "fd": 3,
         "cloexec": true},
        {"process": {"pid": 700, "start": "2026-11-21T12:00:30.000000000Z", "comm": "server-2"},
         "from": "2026-11-21T12:00:31.001000000Z",
         "to": null,
         "ended_by": null,
         "via": "scm_rights",
         "got_from": {"pid": 600, "start": "2026-11-21T12:00:21.000000000Z", "comm": "server"},
         "used": false,
         "fd": 9,
         "cloexec": true}],
     "story": [{"ts": "2026-11-21T12:00:21.002000000Z",
         "what": "created",
         "text": "server[600] created it"},
        {"ts": "2026-11-21T12:00:21.003000000Z",
         "what": "bind",
         "text": "server[600] bound it to tcp 0.0.0.0:8801"},
        {"ts": "2026-11-21T12:00:21.004000000Z",
         "what": "listen",
         "text": "server[600] listened on it"},
        {"ts": "2026-11-21T12:00:31.000000000Z",
         "what": "pass",
         "text": "server[600] sent it over a UNIX socket"},
        {"ts": "2026-11-21T12:00:31.001000000Z",
         "what": "acquired",
         "text": "server-2[700] received it by SCM_RIGHTS from server[600]"},
        {"ts": "2026-11-21T12:00:32.000000000Z",
         "what": "released",
         "text": "server[600] exited with code 0"},
        {"ts": "2026-11-21T12:00:32.000000000Z",
         "what": "transfer",
         "text": "it passed from server[600], which died, to server-2[700]"}]}],
 "transfers": [],
 "refused": [],
 "zombies": [],
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
     "comm": "bash",
     "roles": ["ancestor"],
     "forked_by": null,
     "parent": {"pid": 1, "comm": "init"},
     "adopted": null,
     "images": [{"ts": null, "comm": "bash", "exe": "/usr/bin/bash", "args": ["bash"]}],
     "images_left_out": 0,
     "state": "running",
     "exit": null,
     "reaped": null,
     "reaper": null},
    {"pid": 600,
     "start": "2026-11-21T12:00:21.000000000Z",
     "comm": "server",
     "roles": ["creator", "holder", "subject"],
     "forked_by": {"pid": 100, "start": "2026-11-21T12:00:00.500000000Z", "comm": "bash"},
     "parent": {"pid": 100, "comm": "bash"},
     "adopted": null,
     "images": [{"ts": null, "comm": "bash", "exe": "/usr/bin/bash", "args": ["bash"]},
        {"ts": "2026-11-21T12:00:21.001000000Z",
         "comm": "server",
         "exe": "/srv/server",
         "args": ["/srv/server", "--port", "8801"]}],
     "images_left_out": 0,
     "state": "dead",
     "exit": {"ts": "2026-11-21T12:00:32.000000000Z",
        "code": 0,
        "signal": null,
        "core": false,
        "by": null,
        "cause": null},
     "reaped": "2026-11-21T12:00:33.000000000Z",
     "reaper": {"pid": 100, "comm": "bash"}},
    {"pid": 700,
     "start": "2026-11-21T12:00:30.000000000Z",
     "comm": "server-2",
     "roles": ["holder"],
     "forked_by": {"pid": 100, "start": "2026-11-21T12:00:00.500000000Z", "comm": "bash"},
     "parent": {"pid": 100, "comm": "bash"},
     "adopted": null,
     "images": [{"ts": null, "comm": "bash", "exe": "/usr/bin/bash", "args": ["bash"]},
        {"ts": "2026-11-21T12:00:30.001000000Z",
         "comm": "server-2",
         "exe": "/srv/server-2",
         "args": ["/srv/server-2"]}],
     "images_left_out": 0,
     "state": "running",
     "exit": null,
     "reaped": null,
     "reaper": null}],
 "busiest": [],
 "losses": [{"ts": "2026-11-21T12:00:15.000000000Z",
     "count": 4711,
     "unwatched": false,
     "repaired": "2026-11-21T12:00:16.000000000Z",
     "dropped": 0,
     "added": 0}],
 "left_out": {"sockets": 0,
    "holds": 0,
    "moments": 0,
    "processes": 0,
    "children": 0,
    "refused": 0,
    "zombies": 0,
    "transfers": 0,
    "losses": 0}}
