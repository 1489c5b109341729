/* actor.h: what scenes share: children that end with their director, facts as one JSON line.
 *
 * The first process is the director. It brings a situation about through children, prints what is
 * true about it and waits on stdin. Every child reads its own pipe as stdin: a byte there means "go
 * on", end of file means "the director is gone, exit". The director is a child subreaper, so what a
 * scene orphans comes to it and can be swept.
 */
#ifndef ACTOR_H
#define ACTOR_H

#include <stdbool.h>
#include <sys/types.h>

#define MAX_FDS 8

struct scene {
	const char *name;
	void (*play)(void);
	const char *help;
};

/* One table a file, ended by a scene without a name. */
extern const struct scene listen_scenes[], pass_scenes[], table_scenes[], net_scenes[],
	zombie_scenes[], tree_scenes[], death_scenes[], waited_scenes[], stuck_scenes[];

struct child {
	pid_t pid;
	int to;	  /* its stdin */
	int from; /* what it tells */
};

struct sock {
	int fd;
	int port;
	unsigned long inode, netns;
	pid_t creator;
	bool creator_dead;
	char proto[8], family[8], state[16];
	char local[128], remote[128];
};

/* Who has the socket open; fds end at 0. A tid is given where only that thread's table has it. */
struct hold {
	pid_t pid, tid;
	int fds[MAX_FDS], cloexec[MAX_FDS];
};

/* ---- any process ---- */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int check(int result, const char *what);
char state_get(pid_t pid);
void state_await(pid_t pid, char state);
void comm_await(pid_t pid, const char *comm);
int children_get(pid_t pid, pid_t *list, int max);
int children_await(pid_t pid, int count, pid_t *list);
void file_read(const char *path, char *buf, size_t size);
pid_t fork_flags(unsigned long flags, pid_t want_pid);

/* ---- the director ---- */
struct child child_start(void (*run)(void *), void *arg);
struct child child_start_as(unsigned long flags, pid_t want_pid, void (*run)(void *), void *arg);
void child_go(const struct child *c);
int hear_int(const struct child *c);
struct sock hear_sock(const struct child *c, const char *state);
void child_kill(const struct child *c, int sig);
void child_reap(pid_t pid);
bool step_wait(void);
void children_sweep(void);
int port_wanted(void);
void port_want(int port);

/* ---- a child ---- */
void tell_int(int value);
void tell_sock(int fd);
void go_wait(void);
_Noreturn void stay(void);
pid_t kin_start(void (*run)(void *), void *arg);
void kin_ready(void);
void cat_exec(void *unused);
pid_t cat_start(void);

/* ---- cgroups: death.c ---- */
bool group_make(char *path, size_t size, const char *type, const char *option);
bool group_write(const char *group, const char *file, const char *text);
bool group_enter(const char *group, pid_t pid);

/* ---- sockets ---- */
struct sock sock_describe(int fd);
int tcp_bound(int flags);
int tcp_listener(int flags);
int tcp_connect(int port);
int tcp_connect_from(int local_port, int port);
int tcp_accept(int listener);
int udp_bound(void);
void tcp_state_await(int local_port, int state, int count);

/* ---- facts ---- */
void facts_begin(const char *scene);
void fact_int(const char *key, long value);
void fact_str(const char *key, const char *value);
void fact_ints(const char *key, const int *values, int n);
void fact_sock(const struct sock *s, const struct hold *holds, int n);
void fact_gone(const struct sock *s);
void fact_zombie(pid_t pid, pid_t parent);
void pid_note(pid_t pid);
void facts_end(void);

#define LEN(a) ((int)(sizeof(a) / sizeof((a)[0])))

#endif
