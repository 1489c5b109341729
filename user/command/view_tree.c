/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree: the process tree with sockets, zombies and container borders; the walk, JSON and the view.
 *
 * The walk keeps its own stack: a hostile chain of forks must not exhaust ours.
 */
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "view_tree.h"

struct tree {
	const struct opts *opts;
	struct out *out;
	struct page page;
	struct pace pace;
};

static void node_push(struct nodes *s, struct node x)
{
	if (s->n == s->cap)
		s->at = xrealloc(s->at, (s->cap = s->cap ? s->cap * 2 : 64) * sizeof(*s->at));
	s->at[s->n++] = x;
}

/* By name where there is one (text: what looks the same comes together), then by pid. */
static int node_cmp_down(const void *a, const void *b)
{
	const struct node *x = a, *y = b;
	int d = x->name && y->name ? strcmp(y->name, x->name) : 0;

	return d ? d : (x->proc->tgid < y->proc->tgid) - (x->proc->tgid > y->proc->tgid);
}

/* Put a sibling list on the stack, the lowest pid on top. */
static void siblings_push(struct nodes *stack, u32 from)
{
	if (stack->n == from)
		return;
	qsort(stack->at + from, stack->n - from, sizeof(*stack->at), node_cmp_down);
	stack->at[from].last = true;
}

/* All processes below `root` (0: everything), parents before their children. */
static struct nodes tree_walk(const struct model *m, u32 root, bool by_name)
{
	struct nodes stack = {0}, out = {0};

	for (u32 id = root ? root : proc_next(m, 0); id; id = root ? 0 : proc_next(m, id)) {
		const struct proc *p = proc_at(m, id), *parent = proc_at(m, p->parent);

		if (root || (p->state != PROC_GONE && (!parent || parent->state == PROC_GONE)))
			node_push(&stack, (struct node){.proc = p});
	}
	siblings_push(&stack, 0);
	while (stack.n) {
		struct node x = stack.at[--stack.n];
		u32 from = stack.n;

		node_push(&out, x);
		for (const struct proc *c = proc_at(m, x.proc->child); c; c = proc_at(m, c->next))
			if (c->state != PROC_GONE)
				node_push(&stack, (struct node){
							  .proc = c,
							  .name = by_name ? proc_comm(m, c) : NULL,
							  .depth = x.depth + 1,
						  });
		siblings_push(&stack, from);
	}
	free(stack.at);
	return out;
}

u32 sockets_count(const struct model *m, const struct proc *p)
{
	u32 n = 0;

	for (const struct tabref *r = tabref_at(m, p->tabrefs); r; r = tabref_at(m, r->proc_next))
		n += fdtab_at(m, r->fdtab)->nholds;
	return n;
}

/* ---- JSON, and the view ---- */

static void tree_json(struct out *o, const struct model *m, const struct nodes *t)
{
	struct json j;
	char box[32];

	for (u32 i = 0; i < t->n && !out_dead(o); i++) {
		const struct proc *p = t->at[i].proc, *parent = proc_at(m, p->parent);
		const char *args;
		u16 len = 0;

		args = proc_args(m, p, &len);
		json_init(&j, &o->line);
		json_obj(&j, NULL);
		json_u64(&j, "pid", p->tgid);
		json_id(&j, "ppid", parent ? parent->tgid : 0);
		json_u64(&j, "depth", t->at[i].depth);
		json_str(&j, "comm", *proc_comm(m, p) ? proc_comm(m, p) : NULL);
		json_args(&j, "args", len ? args : NULL, len);
		json_str(&j, "state", proc_state(p));
		json_u64(&j, "sockets", sockets_count(m, p));
		json_u64(&j, "zombies", p->zombies);
		json_str(&j, "container", proc_container(m, p, box));
		json_end_obj(&j);
		out_line(o);
	}
}

static bool tree_render(struct tree *v, const struct model *m)
{
	u32 root = v->opts->pid ? proc_find(m, v->opts->pid) : 0;
	bool known = !v->opts->pid || (root && proc_at(m, root)->state != PROC_GONE);
	struct nodes t = {0};
	struct out *o = page_begin(&v->page, v->out);

	if (known)
		t = tree_walk(m, root, !v->opts->json);
	if (v->opts->json)
		tree_json(o, m, &t);
	else if (known)
		tree_text(o, m, &t, root && proc_at(m, root)->flags & TASK_KTHREAD);
	else
		out_printf(o, "There is no process %u.", v->opts->pid);
	page_end(&v->page);
	free(t.at);
	pace_done(&v->pace, m, t.n);
	return known;
}

static void *tree_open(const struct opts *o, struct out *out)
{
	struct tree *v = xcalloc(1, sizeof(*v));

	*v = (struct tree){.opts = o, .out = out, .page.watch = o->watch, .pace.dirty = true};
	return v;
}

static void tree_event(void *view, const struct model *m, const struct ev *e)
{
	struct tree *v = view;

	(void)m;
	pace_event(&v->pace, e);
}

static void tree_settle(void *view, const struct model *m)
{
	struct tree *v = view;

	if (v->opts->watch && pace_due(&v->pace, m))
		tree_render(v, m);
}

static int tree_finish(void *view, const struct model *m)
{
	bool known = tree_render(view, m);

	if (((const struct tree *)view)->opts->json)
		warn_limits(m);
	return answer_code(m, known ? EXIT_ANSWERED : EXIT_OPPOSITE);
}

const struct view view_tree = {
	.name = "tree",
	.usage = "[PID]",
	.help = "the process tree with sockets, zombies and container borders",
	.scope = SCOPE_TASKS | SCOPE_FDS | SCOPE_SOCKS,
	.watchable = true,
	.operands = {0, 1, operand_pid, NULL},
	.open = tree_open,
	.event = tree_event,
	.settle = tree_settle,
	.finish = tree_finish,
	.close = free,
};
