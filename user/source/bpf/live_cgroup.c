/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths of the cgroups that events speak of.
 *
 * Each is looked for when it is met, and then with the next processes that are met in it.  What is
 * still unknown waits for a search of the whole tree, which answers for all of them at once:
 * seldom, because anybody who may make cgroups can make many.
 */
#include <errno.h>

#include "live_priv.h"
#include "procfs.h"

#define CGROUPS_MAX  65536
#define TRIES	     8 /* with that many processes; then only a search */
#define FOUND	     (TRIES + 1)
#define SEARCH_NS    (10 * NS_PER_S)
#define SEARCH_SHARE 100 /* a search takes at most a hundredth of the time */

void live_cgroup_meet(struct live *l, u64 id, u32 pid, u64 ts)
{
	u32 tried = map_get(&l->cgroups, id);
	int err;

	if (!id || tried >= TRIES)
		return;
	if (l->cgroups.count >= CGROUPS_MAX)
		map_free(&l->cgroups);
	err = procfs_cgroup(id, pid, ts, live_pass, l);
	map_put(&l->cgroups, id, err ? tried + 1 : FOUND);
	l->cgroups_left |= err == -EPERM && !tried; /* what one search did not find, none will */
}

static bool cgroup_wanted(void *live, u64 id)
{
	struct live *l = live;
	u32 tried = map_get(&l->cgroups, id);

	if (!tried || tried == FOUND)
		return false;
	map_put(&l->cgroups, id, FOUND);
	return true;
}

void live_cgroup_search(struct live *l)
{
	u64 begin = time_boot_ns(), rest;

	if (!l->cgroups_left || begin < l->cgroups_ts)
		return;
	l->cgroups_left = false;
	procfs_cgroups(cgroup_wanted, l->last_ts, live_pass, l);
	rest = (time_boot_ns() - begin) * SEARCH_SHARE;
	l->cgroups_ts = begin + (rest > SEARCH_NS ? rest : SEARCH_NS);
}
