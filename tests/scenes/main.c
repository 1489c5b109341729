/* main.c: scene NAME brings about one situation, says what is true and waits to be ended. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "actor.h"

static const struct scene *const tables[] = {
	listen_scenes, pass_scenes,  table_scenes,  net_scenes,	  zombie_scenes,
	tree_scenes,   death_scenes, waited_scenes, stuck_scenes,
};

static const struct scene *scene_find(const char *name)
{
	for (int i = 0; i < LEN(tables); i++)
		for (const struct scene *s = tables[i]; s->name; s++)
			if (!strcmp(s->name, name))
				return s;
	return NULL;
}

static void scenes_print(FILE *out, bool with_help)
{
	for (int i = 0; i < LEN(tables); i++)
		for (const struct scene *s = tables[i]; s->name; s++)
			if (with_help)
				fprintf(out, "  %-18s %s\n", s->name, s->help);
			else
				fprintf(out, "%s\n", s->name);
}

static int usage(FILE *out, int code)
{
	fprintf(out,
		"usage: scene [--port N] NAME\n       scene --list\n\n"
		"Prints one JSON line of facts. A line \"step\" on stdin makes the next step,\n"
		"end of file ends the scene.\n\n");
	scenes_print(out, true);
	return code;
}

int main(int argc, char **argv)
{
	const struct scene *s;

	if (argc == 2 && !strcmp(argv[1], "--list")) {
		scenes_print(stdout, false);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--help"))
		return usage(stdout, 0);
	if (argc == 4 && !strcmp(argv[1], "--port")) {
		port_want(atoi(argv[2]));
		argv += 2;
		argc -= 2;
	}
	s = argc == 2 ? scene_find(argv[1]) : NULL;
	if (!s)
		return usage(stderr, 2);

	check(prctl(PR_SET_CHILD_SUBREAPER, 1), "subreaper");
	signal(SIGCHLD, SIG_DFL);
	s->play();
	while (step_wait())
		;
	children_sweep();
	return 0;
}
