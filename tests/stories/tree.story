# The process tree: workers folded, a container with its border, one that entered it from
# outside, a zombie.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
3s socket 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp state=CLOSE files=0x200 fd=3 cloexec=1
3s bind 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=CLOSE fd=3
3s listen 200 inode=7001 cookie=11 netns=4026531840 uid=0 proto=tcp local=0.0.0.0:8801 state=LISTEN fd=3 backlog=128
4s fork 200 start=4000000000 files=0x112d parent_files=0x200 child=301 parent=200 uid=0 exit_signal=17 pidns=4026531836
4s fork 200 start=4000000000 files=0x112e parent_files=0x200 child=302 parent=200 uid=0 exit_signal=17 pidns=4026531836
4s fork 200 start=4000000000 files=0x112f parent_files=0x200 child=303 parent=200 uid=0 exit_signal=17 pidns=4026531836
4s fork 200 start=4000000000 files=0x1130 parent_files=0x200 child=304 parent=200 uid=0 exit_signal=17 pidns=4026531836
4s fork 200 start=4000000000 files=0x1131 parent_files=0x200 child=305 parent=200 uid=0 exit_signal=17 pidns=4026531836
4s fork 200 start=4000000000 files=0x1132 parent_files=0x200 child=306 parent=200 uid=0 exit_signal=17 pidns=4026531836
4s fork 200 start=4000000000 files=0x1133 parent_files=0x200 child=307 parent=200 uid=0 exit_signal=17 pidns=4026531836
4s fork 200 start=4000000000 files=0x1134 parent_files=0x200 child=308 parent=200 uid=0 exit_signal=17 pidns=4026531836
5s fork 100 start=5000000000 files=0x600 parent_files=0x100 cgroup=77 child=600 parent=100 exit_signal=17 pidns=4026532500 flags=8 nspid=1
5s cgroup 0 id=77 path="/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope"
5s exec 600 start=5000000000 files=0x600 cgroup=77 old_tid=600 name="tini" exe="/sbin/tini" args=["tini","--","app"]
6s fork 600 start=6000000000 files=0x601 parent_files=0x600 cgroup=77 child=601 parent=600 exit_signal=17 pidns=4026532500 nspid=7
6s fork 100 start=6000000000 files=0x602 parent_files=0x100 cgroup=77 child=602 parent=100 exit_signal=17 pidns=4026532500 nspid=8
7s exit 601 start=6000000000 files=0x601 parent=600 code=-1 signal=SIGSEGV core=1
9s tick 0

=== tree
init[1]
└─bash[100]  bash
  ├─bash[602]  [container 0123456789ab, pid 8 inside, entered from outside]
  ├─server[200]  listens tcp :8801  /srv/server --port 8801
  │ └─server[301] ×8  listens tcp :8801  /srv/server --port 8801
  └─tini[600]  1 zombie below  [container 0123456789ab, pid 1 inside]
    └─tini[601]  zombie, killed by SIGSEGV, core dumped at 12:00:07.000

=== tree 100
bash[100]  bash
├─bash[602]  [container 0123456789ab, pid 8 inside, entered from outside]
├─server[200]  listens tcp :8801  /srv/server --port 8801
│ └─server[301] ×8  listens tcp :8801  /srv/server --port 8801
└─tini[600]  1 zombie below  [container 0123456789ab, pid 1 inside]  tini -- app
  └─tini[601]  zombie, killed by SIGSEGV, core dumped at 12:00:07.000

=== LC_ALL=C tree
init[1]
`-bash[100]  bash
  |-bash[602]  [container 0123456789ab, pid 8 inside, entered from outside]
  |-server[200]  listens tcp :8801  /srv/server --port 8801
  | `-server[301] x8  listens tcp :8801  /srv/server --port 8801
  `-tini[600]  1 zombie below  [container 0123456789ab, pid 1 inside]
    `-tini[601]  zombie, killed by SIGSEGV, core dumped at 12:00:07.000

=== tree --json 600
{"pid": 600,
 "ppid": 100,
 "depth": 0,
 "comm": "tini",
 "args": ["tini", "--", "app"],
 "state": "running",
 "sockets": 0,
 "zombies": 1,
 "container": "0123456789ab"}
{"pid": 601,
 "ppid": 600,
 "depth": 1,
 "comm": "tini",
 "args": ["tini", "--", "app"],
 "state": "zombie",
 "sockets": 0,
 "zombies": 0,
 "container": "0123456789ab"}

=== tree 4242
There is no process 4242.
=== exit 1
