# Forty generations stay one screen wide.

1s clock 0 realtime=1795262401000000000
1s source 0 caps=3 filter=0xffffffffffffffff
1s scan_begin 0 scope=7
1s scan_task 1 start=1000000 files=0x1 sid=1 pgid=1 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="init"
1s scan_task 100 start=500000000 files=0x100 parent=1 sid=100 pgid=100 tty=34819 pidns=4026531836 netns=4026531840 mntns=4026531841 exit_signal=17 sigchld=handled name="bash"
1s scan_args 100 start=500000000 exe="/usr/bin/bash" args=["bash"]
1s scan_end 0 scope=7 begin=1000000000
2s fork 100 start=2000000000 files=0x200 parent_files=0x100 child=200 parent=100 uid=0 exit_signal=17 pidns=4026531836
2s exec 200 start=2000000000 files=0x200 old_tid=200 name="server" exe="/srv/server" args=["/srv/server","--port","8801"]
3s fork 200 start=3000000000 files=0x2001 parent_files=0x200 child=1001 parent=200 uid=0 exit_signal=17 pidns=4026531836
3s fork 1001 start=3000000000 files=0x2002 parent_files=0x2001 child=1002 parent=1001 uid=0 exit_signal=17 pidns=4026531836
3s fork 1002 start=3000000000 files=0x2003 parent_files=0x2002 child=1003 parent=1002 uid=0 exit_signal=17 pidns=4026531836
3s fork 1003 start=3000000000 files=0x2004 parent_files=0x2003 child=1004 parent=1003 uid=0 exit_signal=17 pidns=4026531836
3s fork 1004 start=3000000000 files=0x2005 parent_files=0x2004 child=1005 parent=1004 uid=0 exit_signal=17 pidns=4026531836
3s fork 1005 start=3000000000 files=0x2006 parent_files=0x2005 child=1006 parent=1005 uid=0 exit_signal=17 pidns=4026531836
3s fork 1006 start=3000000000 files=0x2007 parent_files=0x2006 child=1007 parent=1006 uid=0 exit_signal=17 pidns=4026531836
3s fork 1007 start=3000000000 files=0x2008 parent_files=0x2007 child=1008 parent=1007 uid=0 exit_signal=17 pidns=4026531836
3s fork 1008 start=3000000000 files=0x2009 parent_files=0x2008 child=1009 parent=1008 uid=0 exit_signal=17 pidns=4026531836
3s fork 1009 start=3000000000 files=0x200a parent_files=0x2009 child=1010 parent=1009 uid=0 exit_signal=17 pidns=4026531836
3s fork 1010 start=3000000000 files=0x200b parent_files=0x200a child=1011 parent=1010 uid=0 exit_signal=17 pidns=4026531836
3s fork 1011 start=3000000000 files=0x200c parent_files=0x200b child=1012 parent=1011 uid=0 exit_signal=17 pidns=4026531836
3s fork 1012 start=3000000000 files=0x200d parent_files=0x200c child=1013 parent=1012 uid=0 exit_signal=17 pidns=4026531836
3s fork 1013 start=3000000000 files=0x200e parent_files=0x200d child=1014 parent=1013 uid=0 exit_signal=17 pidns=4026531836
3s fork 1014 start=3000000000 files=0x200f parent_files=0x200e child=1015 parent=1014 uid=0 exit_signal=17 pidns=4026531836
3s fork 1015 start=3000000000 files=0x2010 parent_files=0x200f child=1016 parent=1015 uid=0 exit_signal=17 pidns=4026531836
3s fork 1016 start=3000000000 files=0x2011 parent_files=0x2010 child=1017 parent=1016 uid=0 exit_signal=17 pidns=4026531836
3s fork 1017 start=3000000000 files=0x2012 parent_files=0x2011 child=1018 parent=1017 uid=0 exit_signal=17 pidns=4026531836
3s fork 1018 start=3000000000 files=0x2013 parent_files=0x2012 child=1019 parent=1018 uid=0 exit_signal=17 pidns=4026531836
3s fork 1019 start=3000000000 files=0x2014 parent_files=0x2013 child=1020 parent=1019 uid=0 exit_signal=17 pidns=4026531836
3s fork 1020 start=3000000000 files=0x2015 parent_files=0x2014 child=1021 parent=1020 uid=0 exit_signal=17 pidns=4026531836
3s fork 1021 start=3000000000 files=0x2016 parent_files=0x2015 child=1022 parent=1021 uid=0 exit_signal=17 pidns=4026531836
3s fork 1022 start=3000000000 files=0x2017 parent_files=0x2016 child=1023 parent=1022 uid=0 exit_signal=17 pidns=4026531836
3s fork 1023 start=3000000000 files=0x2018 parent_files=0x2017 child=1024 parent=1023 uid=0 exit_signal=17 pidns=4026531836
3s fork 1024 start=3000000000 files=0x2019 parent_files=0x2018 child=1025 parent=1024 uid=0 exit_signal=17 pidns=4026531836
3s fork 1025 start=3000000000 files=0x201a parent_files=0x2019 child=1026 parent=1025 uid=0 exit_signal=17 pidns=4026531836
3s fork 1026 start=3000000000 files=0x201b parent_files=0x201a child=1027 parent=1026 uid=0 exit_signal=17 pidns=4026531836
3s fork 1027 start=3000000000 files=0x201c parent_files=0x201b child=1028 parent=1027 uid=0 exit_signal=17 pidns=4026531836
3s fork 1028 start=3000000000 files=0x201d parent_files=0x201c child=1029 parent=1028 uid=0 exit_signal=17 pidns=4026531836
3s fork 1029 start=3000000000 files=0x201e parent_files=0x201d child=1030 parent=1029 uid=0 exit_signal=17 pidns=4026531836
3s fork 1030 start=3000000000 files=0x201f parent_files=0x201e child=1031 parent=1030 uid=0 exit_signal=17 pidns=4026531836
3s fork 1031 start=3000000000 files=0x2020 parent_files=0x201f child=1032 parent=1031 uid=0 exit_signal=17 pidns=4026531836
3s fork 1032 start=3000000000 files=0x2021 parent_files=0x2020 child=1033 parent=1032 uid=0 exit_signal=17 pidns=4026531836
3s fork 1033 start=3000000000 files=0x2022 parent_files=0x2021 child=1034 parent=1033 uid=0 exit_signal=17 pidns=4026531836
3s fork 1034 start=3000000000 files=0x2023 parent_files=0x2022 child=1035 parent=1034 uid=0 exit_signal=17 pidns=4026531836
3s fork 1035 start=3000000000 files=0x2024 parent_files=0x2023 child=1036 parent=1035 uid=0 exit_signal=17 pidns=4026531836
3s fork 1036 start=3000000000 files=0x2025 parent_files=0x2024 child=1037 parent=1036 uid=0 exit_signal=17 pidns=4026531836
3s fork 1037 start=3000000000 files=0x2026 parent_files=0x2025 child=1038 parent=1037 uid=0 exit_signal=17 pidns=4026531836
3s fork 1038 start=3000000000 files=0x2027 parent_files=0x2026 child=1039 parent=1038 uid=0 exit_signal=17 pidns=4026531836
3s fork 1039 start=3000000000 files=0x2028 parent_files=0x2027 child=1040 parent=1039 uid=0 exit_signal=17 pidns=4026531836

=== tree 200
server[200]  /srv/server --port 8801
└─server[1001]  /srv/server --port 8801
  └─server[1002]  /srv/server --port 8801
    └─server[1003]  /srv/server --port 8801
      └─server[1004]  /srv/server --port 8801
        └─server[1005]  /srv/server --port 8801
          └─server[1006]  /srv/server --port 8801
            └─server[1007]  /srv/server --port 8801
              └─server[1008]  /srv/server --port 8801
                └─server[1009]  /srv/server --port 8801
                  └─server[1010]  /srv/server --port 8801
                    └─server[1011]  /srv/server --port 8801
                      └─server[1012]  /srv/server --port 8801
…+5                   └─server[1013]  /srv/server --port 8801
…+6                   └─server[1014]  /srv/server --port 8801
…+7                   └─server[1015]  /srv/server --port 8801
…+8                   └─server[1016]  /srv/server --port 8801
…+9                   └─server[1017]  /srv/server --port 8801
…+10                  └─server[1018]  /srv/server --port 8801
…+11                  └─server[1019]  /srv/server --port 8801
…+12                  └─server[1020]  /srv/server --port 8801
…+13                  └─server[1021]  /srv/server --port 8801
…+14                  └─server[1022]  /srv/server --port 8801
…+15                  └─server[1023]  /srv/server --port 8801
…+16                  └─server[1024]  /srv/server --port 8801
…+17                  └─server[1025]  /srv/server --port 8801
…+18                  └─server[1026]  /srv/server --port 8801
…+19                  └─server[1027]  /srv/server --port 8801
…+20                  └─server[1028]  /srv/server --port 8801
…+21                  └─server[1029]  /srv/server --port 8801
…+22                  └─server[1030]  /srv/server --port 8801
…+23                  └─server[1031]  /srv/server --port 8801
…+24                  └─server[1032]  /srv/server --port 8801
…+25                  └─server[1033]  /srv/server --port 8801
…+26                  └─server[1034]  /srv/server --port 8801
…+27                  └─server[1035]  /srv/server --port 8801
…+28                  └─server[1036]  /srv/server --port 8801
…+29                  └─server[1037]  /srv/server --port 8801
…+30                  └─server[1038]  /srv/server --port 8801
…+31                  └─server[1039]  /srv/server --port 8801
…+32                  └─server[1040]  /srv/server --port 8801

=== LC_ALL=C tree 200
server[200]  /srv/server --port 8801
`-server[1001]  /srv/server --port 8801
  `-server[1002]  /srv/server --port 8801
    `-server[1003]  /srv/server --port 8801
      `-server[1004]  /srv/server --port 8801
        `-server[1005]  /srv/server --port 8801
          `-server[1006]  /srv/server --port 8801
            `-server[1007]  /srv/server --port 8801
              `-server[1008]  /srv/server --port 8801
                `-server[1009]  /srv/server --port 8801
                  `-server[1010]  /srv/server --port 8801
                    `-server[1011]  /srv/server --port 8801
                      `-server[1012]  /srv/server --port 8801
...+5                   `-server[1013]  /srv/server --port 8801
...+6                   `-server[1014]  /srv/server --port 8801
...+7                   `-server[1015]  /srv/server --port 8801
...+8                   `-server[1016]  /srv/server --port 8801
...+9                   `-server[1017]  /srv/server --port 8801
...+10                  `-server[1018]  /srv/server --port 8801
...+11                  `-server[1019]  /srv/server --port 8801
...+12                  `-server[1020]  /srv/server --port 8801
...+13                  `-server[1021]  /srv/server --port 8801
...+14                  `-server[1022]  /srv/server --port 8801
...+15                  `-server[1023]  /srv/server --port 8801
...+16                  `-server[1024]  /srv/server --port 8801
...+17                  `-server[1025]  /srv/server --port 8801
...+18                  `-server[1026]  /srv/server --port 8801
...+19                  `-server[1027]  /srv/server --port 8801
...+20                  `-server[1028]  /srv/server --port 8801
...+21                  `-server[1029]  /srv/server --port 8801
...+22                  `-server[1030]  /srv/server --port 8801
...+23                  `-server[1031]  /srv/server --port 8801
...+24                  `-server[1032]  /srv/server --port 8801
...+25                  `-server[1033]  /srv/server --port 8801
...+26                  `-server[1034]  /srv/server --port 8801
...+27                  `-server[1035]  /srv/server --port 8801
...+28                  `-server[1036]  /srv/server --port 8801
...+29                  `-server[1037]  /srv/server --port 8801
...+30                  `-server[1038]  /srv/server --port 8801
...+31                  `-server[1039]  /srv/server --port 8801
...+32                  `-server[1040]  /srv/server --port 8801
