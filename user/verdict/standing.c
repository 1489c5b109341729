// SPDX-License-Identifier: BSD-2-Clause
/* What state a process or a socket is in, as people call it, and in which container a process is.
 */
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "verdict.h"

enum proc_standing proc_standing(const struct proc *p)
{
	static const struct {
		u16 flag;
		u16 stuck;
		enum proc_standing is;
	} rows[] = {
		{TASK_HEADLESS, 0, PROC_IS_HEADLESS},
		{TASK_DUMPING, 0, PROC_IS_DUMPING},
		{0, STUCK_FROZEN | STUCK_FREEZER, PROC_IS_FROZEN},
		{0, STUCK_EXIT_STOP, PROC_IS_EXIT_STOPPED},
		{0, STUCK_TRACE, PROC_IS_TRACE_STOPPED},
		{TASK_STOPPED, 0, PROC_IS_STOPPED},
		{0, STUCK_VFORK, PROC_IS_IN_VFORK},
		{0, STUCK_BLOCKED, PROC_IS_BLOCKED},
		{0, STUCK_KILLED, PROC_IS_KILLED},
	};

	if (p->state == PROC_GONE)
		return PROC_IS_DEAD;
	if (p->flags & TASK_EXITING)
		return PROC_IS_DYING;
	if (p->state == PROC_ZOMBIE)
		return PROC_IS_ZOMBIE;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (p->flags & rows[i].flag || p->stuck & rows[i].stuck)
			return rows[i].is;
	return PROC_IS_RUNNING;
}

const char *name_standing(enum proc_standing s)
{
	static const char *const names[] = {
#define S(ID, name) name,
		PROC_STANDING_TABLE(S)
#undef S
	};

	return names[s];
}

const char *proc_state(const struct proc *p)
{
	return name_standing(proc_standing(p));
}

/* Types whose sockets are always between two ends; only of them "bound" says something. */
static bool sock_is_stream(const struct sock *s)
{
	u32 type = PROTO_TYPE(s->proto);

	return type == SOCK_STREAM || type == SOCK_SEQPACKET;
}

static bool sock_is_named(const struct sock *s)
{
	if (PROTO_FAMILY(s->proto) == AF_UNIX)
		return s->name != 0;
	if (PROTO_FAMILY(s->proto) == AF_VSOCK)
		return ep_is_numbers(&s->local);
	return s->local.port && !(s->sflags & SF_OFFPORT);
}

/* The kernel calls everything that is not connected CLOSE; people do not. */
enum sock_standing sock_standing(const struct sock *s)
{
	if (s->sflags & SF_TIMEWAIT)
		return s->state ? SOCK_IS_AS_TCP : SOCK_IS_TIME_WAIT;
	if (s->state == TCP_LISTEN)
		return SOCK_IS_LISTENING;
	if (s->state == TCP_ESTABLISHED)
		return SOCK_IS_ESTABLISHED;
	if (s->state != TCP_CLOSE)
		return SOCK_IS_AS_TCP;
	if (!sock_is_stream(s))
		return SOCK_IS_UNCONNECTED;
	return s->sflags & SF_DEAD || !sock_is_named(s) ? SOCK_IS_CLOSED : SOCK_IS_BOUND;
}

const char *sock_state(const struct sock *s)
{
	static const char *const names[] = {
#define S(ID, name) name,
		SOCK_STANDING_TABLE(S)
#undef S
	};
	enum sock_standing is = sock_standing(s);

	return is == SOCK_IS_AS_TCP ? name_tcp_state(s->state) : names[is];
}

bool sock_is_portless(const struct sock *s)
{
	const u32 family = PROTO_FAMILY(s->proto);

	if (family == AF_INET || family == AF_INET6)
		return PROTO_TYPE(s->proto) == SOCK_RAW;
	return s->proto && family != AF_UNIX;
}

bool sock_is_offer(const struct sock *s)
{
	enum sock_standing is = sock_standing(s);

	if (!sock_is_named(s) || s->sflags & SF_TIMEWAIT || sock_is_portless(s))
		return false;
	if (!sock_state(s))
		return s->remote.port == 0;
	/* A connected datagram socket of the UNIX family still receives under its name. */
	if (PROTO_FAMILY(s->proto) == AF_UNIX && !sock_is_stream(s))
		return true;
	return is == SOCK_IS_LISTENING || is == SOCK_IS_BOUND || is == SOCK_IS_UNCONNECTED;
}

/* Of the first container of a nest, the short id: docker ps and crictl ps show as much. */
static bool container_id(const char *path, char out[32])
{
	for (const char *s = path; *s; s++) {
		size_t n = strspn(s, "0123456789abcdef");

		if (n >= 64) {
			memcpy(out, s, 12);
			out[12] = 0;
			return true;
		}
		if (n)
			s += n - 1;
	}
	return false;
}

/* "docker-<64 hex>.scope", "cri-containerd-<id>.scope", "libpod-<id>", "/docker/<id>", "/lxc/NAME".
 */
const char *cgroup_container(const char *path, char out[32])
{
	static const char *const lxc[] = {"/lxc/", "/lxc.payload/", "/lxc.payload."};

	if (path && container_id(path, out))
		return out;
	for (size_t i = 0; path && i < ARRAY_SIZE(lxc); i++) {
		const char *at = strstr(path, lxc[i]);
		const char *name = at ? at + strlen(lxc[i]) : "";
		size_t n = strcspn(name, "/");

		if (n) {
			snprintf(out, 32, "%.*s", (int)(n < 31 ? n : 31), name);
			return out;
		}
	}
	return NULL;
}

const char *proc_container(const struct model *m, const struct proc *p, char out[32])
{
	const struct proc *init = proc_at(m, proc_find(m, 1));

	if (cgroup_container(cgroup_path(m, p->cgroup), out))
		return out;
	if (!p->pidns || !p->nspid.nr[0] || (init && init->pidns == p->pidns))
		return NULL;
	snprintf(out, 32, "pidns:%u", p->pidns);
	return out;
}

bool sock_is_elsewhere(const struct model *m, const struct sock *s)
{
	const struct unix_name *name = name_at(m, s->name);
	u32 here = model_netns(m);

	if (PROTO_FAMILY(s->proto) == AF_UNIX && (!name || name->s[0]))
		return false; /* a path is in no network namespace */
	return here && s->netns && s->netns != here;
}

u32 death_cause(const struct death *d)
{
	if (d->cause)
		return d->cause;
	return d->ns_died      ? CAUSE_PIDNS
	       : d->by_kernel  ? CAUSE_KERNEL
	       : d->killer_pid ? CAUSE_PROCESS
			       : CAUSE_UNKNOWN;
}

static bool is_unit(const char *s, size_t n)
{
	static const char *const types[] = {".service", ".scope",  ".slice",
					    ".mount",	".socket", ".swap"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		size_t len = strlen(types[i]);

		if (n > len && !memcmp(s + n - len, types[i], len))
			return true;
	}
	return false;
}

/* The last part of the path that is a unit: what is below it is of its own making. */
const char *cgroup_unit(const char *path, size_t *n)
{
	const char *found = NULL;

	for (const char *s = path; *s; s += strcspn(s, "/") + (s[strcspn(s, "/")] == '/')) {
		size_t len = strcspn(s, "/");

		if (!is_unit(s, len))
			continue;
		found = s;
		*n = len;
	}
	return found;
}
