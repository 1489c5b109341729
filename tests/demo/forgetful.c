/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server as people write them: it listens without SOCK_CLOEXEC and starts a helper program.
 *
 * Usage: forgetful PORT HELPER [ARGS...].  Waits for a line on stdin, listens on 127.0.0.1:PORT,
 * starts the helper, prints its pid and waits to be killed.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void listen_on(unsigned short port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* SOCK_CLOEXEC forgotten: that is the point */

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 16))
		fail("listen");
}

int main(int argc, char **argv)
{
	char line[16];
	pid_t helper;

	if (argc < 3) {
		fprintf(stderr, "usage: forgetful PORT HELPER [ARGS...]\n");
		return 2;
	}
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	listen_on(atoi(argv[1]));
	helper = fork();
	if (helper < 0)
		fail("fork");
	if (!helper) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	printf("%d\n", helper);
	fflush(stdout);
	for (;;)
		pause();
}
