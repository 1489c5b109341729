// SPDX-License-Identifier: BSD-2-Clause
/*
 * Is what two images run the same program?  Yes, no, or not known.
 *
 * A script is the same however it was begun: by its #! line or by naming the interpreter, by a
 * relative or an absolute path, from the release of yesterday or of today, as a module or as its
 * file.  Where the command line does not tell (an option not known, a directory that differs, a
 * title written over the arguments), that is said, and no certain verdict rests on it.
 */
#include "program.h"
#include "verdict.h"

static const char version[] = "0123456789.-";

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * The same name but for a version behind it.  Not the same path: a release is unpacked into a
 * directory of its own, /proc names python3.11 what was executed as python3, and a path given to
 * execve may be relative.
 */
static bool same_name(const char *a, const char *b)
{
	const char *x = base_name(a), *y = base_name(b);
	size_t nx = strlen(x), ny = strlen(y);

	while (nx && strchr(version, x[nx - 1]))
		nx--;
	while (ny && strchr(version, y[ny - 1]))
		ny--;
	return nx && ny ? nx == ny && !memcmp(x, y, nx) : !strcmp(x, y);
}

/* ---- what an image runs ---- */

/* /proc/self/exe and the like name whatever ran before, descriptors and memfds nothing that can be
 * compared. */
static bool exe_is_self(const char *exe)
{
	size_t n = strlen(exe);

	return !strncmp(exe, "/proc/", 6) && n > 4 && !strcmp(exe + n - 4, "/exe");
}

static bool exe_is_nameless(const char *exe)
{
	return !strncmp(exe, "/dev/fd/", 8) || !strncmp(exe, "/proc/self/fd/", 14) ||
	       !strncmp(exe, "/memfd:", 7) || !*base_name(exe);
}

static const struct image *image_named(const struct model *m, const struct image *i)
{
	while (i && i->exe_len && exe_is_self(i->text) && i->prev)
		i = image_at(m, i->prev);
	return i;
}

static bool is_multicall(const char *exe)
{
	const char *base = base_name(exe);

	return !strcmp(base, "busybox") || !strcmp(base, "toybox") || !strcmp(base, "coreutils");
}

static struct argv argv_of(const struct image *i)
{
	const char *at = i->text + i->exe_len;

	return (struct argv){at, at + i->args_len, i->truncated};
}

/*
 * After execve of a script the kernel has put the interpreter and its option, if there is one,
 * before the path that was given: argv[0] is another name than exe, and exe is one of the next two.
 */
static enum same begun_by_shebang(const char *exe, struct argv args)
{
	const char *first = argv_next(&args);

	if (!first || !strcmp(base_name(first), base_name(exe)))
		return SAME_NO;
	for (int i = 0; i < 2; i++) {
		const char *s = argv_next(&args);

		if (s && !strcmp(s, exe))
			return SAME_YES;
		if (args.cut && args.at >= args.end && (!s || !strncmp(exe, s, strlen(s))))
			return SAME_UNKNOWN;
	}
	return SAME_NO;
}

struct program program_of(const struct model *m, const struct image *i)
{
	const struct image *named = image_named(m, i);
	const char *exe = named->text, *first;
	struct argv args = argv_of(i);
	const struct interpreter *in;
	struct program p;
	enum same shebang;

	if (exe_is_self(exe) || exe_is_nameless(exe))
		return (struct program){};
	shebang = begun_by_shebang(exe, args);
	if (shebang == SAME_UNKNOWN)
		return (struct program){};
	if (shebang == SAME_YES)
		return (struct program){PROGRAM_SCRIPT, exe, interpreter_find(args.at), false};
	first = argv_next(&args);
	if (first && is_multicall(exe)) {
		exe = is_multicall(first) ? argv_next(&args) : first;
		exe = exe ? exe : first;
	}
	in = interpreter_find(exe);
	if (!in)
		return (struct program){PROGRAM_FILE, exe, NULL, false};
	if (!first)
		return (struct program){.by = in};
	p = interpreter_program(in, args);
	if (p.kind == PROGRAM_FILE)
		p.name = exe;
	return p;
}

/* ---- paths of scripts ---- */

/* A step of a path that says which release, not which program: 1.2.3, v7, 20261129T0312, 4f27626,
 * current. */
static bool is_release(const char *s, size_t n)
{
	static const char *const words[] = {"current", "latest", "releases", "release", "versions",
					    "shared",  "stable", "previous", "old",	"new",
					    "blue",    "green",	 ".",	     ".."};
	size_t from = n > 1 && *s == 'v' ? 1 : 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == n && !memcmp(s, words[i], n))
			return true;
	if (strspn(s + from, "0123456789.-_T:Z") >= n - from)
		return true;
	return n >= 7 && strspn(s, "0123456789abcdef") >= n;
}

/* The next step of a path from its end towards its beginning; *n its length, 0 at the beginning. */
static const char *step_before(const char *path, const char *at, size_t *n)
{
	const char *end = at;

	for (;;) {
		while (end > path && end[-1] == '/')
			end--;
		for (at = end; at > path && at[-1] != '/';)
			at--;
		*n = (size_t)(end - at);
		if (!*n || !is_release(at, *n))
			return at;
		end = at;
	}
}

/* Paths whose last steps are alike: the same but for releases, or one the end of the other? */
static enum same same_path(const char *a, const char *b)
{
	const char *x = base_name(a), *y = base_name(b);
	size_t nx, ny;

	for (;;) {
		x = step_before(a, x, &nx);
		y = step_before(b, y, &ny);
		if (!nx && !ny)
			return SAME_YES;
		if (!nx || !ny)
			/* A relative path may go on anywhere, an absolute one begins here. */
			return (nx ? *b : *a) == '/' ? SAME_UNKNOWN : SAME_YES;
		if (nx != ny || memcmp(x, y, nx))
			return SAME_UNKNOWN;
	}
}

static enum same same_script(const char *a, const char *b)
{
	if (!strcmp(a, b))
		return SAME_YES;
	return same_name(a, b) ? same_path(a, b) : SAME_NO;
}

/* ---- modules ---- */

#define MODULE_MAX 256

/* The module as the end of a path: a.b.__main__ is a/b; false: too long. */
static bool module_path(const char *module, char out[MODULE_MAX])
{
	size_t n = strlen(module);
	static const char entry[] = ".__main__";

	if (n >= MODULE_MAX)
		return false;
	memcpy(out, module, n + 1);
	if (n > sizeof(entry) && !strcmp(out + n - sizeof(entry) + 1, entry))
		out[n - sizeof(entry) + 1] = '\0';
	for (char *s = out; *s; s++)
		if (*s == '.')
			*s = '/';
	return true;
}

/* The script without what says that it is a module's entry: a/b/__main__.py and a/b.py are a/b. */
static bool script_path(const char *script, char out[MODULE_MAX])
{
	static const char *const ends[] = {"/__main__.py", "/__main__.pyc", ".py", ".pyc",
					   ".class"};
	size_t n = strlen(script);

	if (n >= MODULE_MAX)
		return false;
	memcpy(out, script, n + 1);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t k = strlen(ends[i]);

		if (n > k && !strcmp(out + n - k, ends[i])) {
			out[n - k] = '\0';
			return true;
		}
	}
	return true;
}

/* Does the path end with all of the module's steps?  A command in bin is named after its module. */
static enum same same_module_script(const char *module, const char *script)
{
	char mod[MODULE_MAX], path[MODULE_MAX];
	size_t nm, np;

	if (!module_path(module, mod) || !script_path(script, path))
		return SAME_UNKNOWN;
	if (!same_name(mod, path))
		return SAME_NO;
	nm = strlen(mod);
	np = strlen(path);
	if (np > nm && path[np - nm - 1] == '/' && !strcmp(path + np - nm, mod))
		return SAME_YES;
	return strchr(mod, '/') ? SAME_UNKNOWN : SAME_YES;
}

static enum same same_module(const char *a, const char *b)
{
	char x[MODULE_MAX], y[MODULE_MAX];

	if (!module_path(a, x) || !module_path(b, y))
		return SAME_UNKNOWN;
	return strcmp(x, y) ? SAME_NO : SAME_YES;
}

/* ---- the comparison ---- */

static enum same same_text(const struct program *a, const struct program *b)
{
	size_t na = strlen(a->name), nb = strlen(b->name), n = na < nb ? na : nb;

	if (a->cut || b->cut)
		return memcmp(a->name, b->name, n) ? SAME_NO : SAME_UNKNOWN;
	return strcmp(a->name, b->name) ? SAME_NO : SAME_YES;
}

static enum same same_kind(const struct program *a, const struct program *b)
{
	switch (a->kind) {
	case PROGRAM_FILE:
		return same_name(a->name, b->name) || (a->by && a->by == b->by) ? SAME_YES
										: SAME_NO;
	case PROGRAM_SCRIPT:
		return same_script(a->name, b->name);
	case PROGRAM_MODULE:
		return same_module(a->name, b->name);
	case PROGRAM_INLINE:
		return same_text(a, b);
	default:
		return SAME_UNKNOWN;
	}
}

/* A #! line may name an interpreter that is not known here: then its file runs, for all we know,
 * that script. */
static enum same same_other_kind(const struct program *a, const struct program *b)
{
	if (a->kind == PROGRAM_MODULE && b->kind == PROGRAM_SCRIPT)
		return same_module_script(a->name, b->name);
	if (a->kind == PROGRAM_SCRIPT && b->kind == PROGRAM_MODULE)
		return same_module_script(b->name, a->name);
	if (a->kind == PROGRAM_SCRIPT && !a->by && b->kind == PROGRAM_FILE && !b->by)
		return SAME_UNKNOWN;
	if (b->kind == PROGRAM_SCRIPT && !b->by && a->kind == PROGRAM_FILE && !a->by)
		return SAME_UNKNOWN;
	return SAME_NO;
}

/* One that is not known is another where the other is none of its interpreter's. */
static enum same same_unknown(const struct program *a, const struct program *b)
{
	const struct program *known = a->kind == PROGRAM_UNKNOWN ? b : a;
	const struct program *not = known == a ? b : a;

	if (known->kind == PROGRAM_UNKNOWN || !not ->by)
		return SAME_UNKNOWN;
	return known->by == not ->by ? SAME_UNKNOWN : SAME_NO;
}

static bool same_bytes(const struct image *a, const struct image *b)
{
	return a->exe_len == b->exe_len && a->args_len == b->args_len && !a->truncated &&
	       !memcmp(a->text, b->text, (size_t)a->exe_len + a->args_len);
}

enum same program_same(const struct model *m, const struct image *a, const struct image *b)
{
	struct program x, y;

	if (a == b)
		return SAME_YES;
	if (!a || !b)
		return SAME_UNKNOWN;
	if (!a->exe_len || !b->exe_len)
		return strcmp(a->comm, b->comm) ? SAME_NO : SAME_YES;
	x = program_of(m, a);
	y = program_of(m, b);
	if (x.kind == PROGRAM_UNKNOWN || y.kind == PROGRAM_UNKNOWN)
		return same_bytes(a, b) && x.by ? SAME_YES : same_unknown(&x, &y);
	if (x.by && y.by && x.by != y.by)
		return SAME_NO;
	if ((x.cut || y.cut) && (x.kind != PROGRAM_INLINE || y.kind != x.kind))
		return SAME_UNKNOWN;
	return x.kind == y.kind ? same_kind(&x, &y) : same_other_kind(&x, &y);
}
