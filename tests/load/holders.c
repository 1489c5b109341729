// SPDX-License-Identifier: BSD-2-Clause
/*
 * holders tcp|udp|unix FDS KIDS: one socket in FDS descriptors, and all of them in each of KIDS
 * children, which do nothing.  "ready" is printed when they are there.  At the first byte on
 * standard input the maker closes its own one by one, at "e" it executes cat instead; the test may
 * kill it. All end when the test ends their group.  They need no privilege, and have none.
 */
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NOBODY 65534

static int open_socket(const char *kind)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd;

	if (!strcmp(kind, "unix")) {
		snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1, "holders-%d", (int)getpid());
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		return bind(fd, (void *)&un, sizeof(un)) || listen(fd, 1) ? -1 : fd;
	}
	fd = socket(AF_INET, strcmp(kind, "udp") ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (bind(fd, (void *)&in, sizeof(in)) || (strcmp(kind, "udp") && listen(fd, 1)))
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	int first, last = 0, kids = argc > 3 ? atoi(argv[3]) : 0;
	struct rlimit limit;
	char how;

	limit.rlim_cur = limit.rlim_max = (argc > 2 ? (rlim_t)atoi(argv[2]) : 0) + 16;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return perror("holders: limit"), 1;
	if (!getuid() && (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
		return perror("holders: setuid"), 1;
	first = last = argc > 3 ? open_socket(argv[1]) : -1;
	if (first < 0)
		return perror("holders: socket"), 1;
	for (int i = 1; i < atoi(argv[2]); i++)
		if ((last = dup(first)) < 0)
			return perror("holders: dup"), 1;
	for (int i = 0; i < kids; i++)
		if (!fork())
			for (;;)
				pause();
	printf("ready\n");
	fflush(stdout);
	if (read(0, &how, 1) != 1)
		return 1;
	if (how == 'e')
		return execlp("cat", "cat", NULL), 1;
	for (int fd = first; fd <= last; fd++)
		close(fd);
	printf("closed\n");
	fflush(stdout);
	pause();
}
