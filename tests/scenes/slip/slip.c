/*
 * Loaded into a server that others wrote (LD_PRELOAD), it lets a listener slip as a forgetful
 * library would: at SIGRTMIN + 9 the server starts a program without having marked its listeners
 * close-on-exec.  The program's pid is written to the file that SLIP_TO names.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static char slip_to[256];

static void unmark(int fd)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	if (!getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) && listens)
		fcntl(fd, F_SETFD, 0);
}

static void pid_tell(pid_t pid)
{
	char text[16];
	int n = 0, fd = open(slip_to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	for (pid_t rest = pid; rest; rest /= 10)
		n++;
	for (int at = n; at; pid /= 10)
		text[--at] = '0' + pid % 10;
	if (fd < 0 || write(fd, text, n) != n)
		abort();
	close(fd);
}

/* Only what may be called in a handler: the server may be anywhere. */
static void slip(int sig)
{
	static char *const args[] = {"sleep", "3000", NULL}, *const env[] = {NULL};
	int was = errno;
	pid_t pid;

	(void)sig;
	for (int fd = 0; fd < 1024; fd++)
		unmark(fd);
	pid = _Fork();
	if (pid < 0)
		abort();
	if (!pid) {
		setsid(); /* a server that stops may end its whole group */
		execve("/bin/sleep", args, env);
		_exit(127);
	}
	pid_tell(pid);
	errno = was;
}

__attribute__((constructor)) static void slip_ready(void)
{
	const char *to = getenv("SLIP_TO");
	struct sigaction act = {.sa_handler = slip, .sa_flags = SA_RESTART};

	/* a copy: a server may write its title over the environment */
	if (to && snprintf(slip_to, sizeof(slip_to), "%s", to) < (int)sizeof(slip_to))
		sigaction(SIGRTMIN + 9, &act, NULL);
}
