// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interpreters and how their command lines name what they run.
 *
 * One row an interpreter.  An option that is in no list may take a word or not: then what follows
 * is not known to be the script, and the program is not known.  From the manuals of CPython 3.13,
 * perlrun, ruby 3.3, node 22, OpenJDK 21, php-cli 8.3, bash, dash, zsh, ksh93, Lua 5.4, ld.so.
 */
#include "program.h"

/* Lists are words with spaces between; letters are those of short options. */
struct interpreter {
	const char *names;	/* base names */
	const char *flags;	/* letters without a value */
	const char *rest;	/* letters whose value is the rest of their word, if any */
	const char *words;	/* letters whose value is the rest, or else the next word */
	const char *text;	/* letters of which that is the program itself */
	const char *module;	/* letters of which that is the module to run */
	const char *script;	/* letters of which that is the file to run */
	const char *long_words; /* whole options that take the next word */
	const char *long_flags; /* whole options that take none, or by = */
	const char *long_text, *long_module, *long_script;
	const char *prefixes; /* beginnings of whole options that carry their value */
	const char *leave; /* whole first words between the name and its options: `java`-like tools'
			      verbs */
	bool whole;	   /* options are whole words with one dash, too */
	bool plus;	   /* +o is an option */
	bool late_text;	   /* -c says that the first word that is no option is the text (sh) */
	bool names_class;  /* the first word that is no option is a class */
};

static const struct interpreter interpreters[] = {
	{.names = "python pypy",
	 .flags = "bBdEhiIOPqRsSuvVx?",
	 .words = "WXQ",
	 .text = "c",
	 .module = "m",
	 .long_words = "--check-hash-based-pycs",
	 .long_flags = "--help --version --help-all --help-env --help-xoptions"},
	{.names = "sh bash dash ash ksh mksh zsh yash",
	 .flags = "abBCdefhiIklmnprsStuvVxzDEHPTXqwy0123456789",
	 .words = "oOAL",
	 .long_words = "--rcfile --init-file --emulate",
	 .long_flags = "--login --norc --noprofile --posix --restricted --verbose --noediting "
		       "--debugger --dump-strings --dump-po-strings --wordexp --help --version",
	 .plus = true,
	 .late_text = true},
	{.names = "perl",
	 .flags = "acfhnpsStTuUvwWXg",
	 .rest = "0CdDFilmMVx",
	 .words = "I",
	 .text = "eE"},
	{.names = "ruby jruby truffleruby",
	 .flags = "achlnpsSvwy",
	 .rest = "0FiKTWx",
	 .words = "CEIrX",
	 .text = "e",
	 .long_words = "--encoding --external-encoding --internal-encoding --enable --disable "
		       "--backtrace-limit",
	 .long_flags =
		 "--yjit --jit --rjit --verbose --copyright --version --help --debug --yydebug "
		 "--debug-frozen-string-literal --parser",
	 .prefixes = "--enable- --disable- --yjit- --jit- --rjit-"},
	{.names = "node nodejs",
	 .flags = "civh",
	 .words = "rC",
	 .text = "ep",
	 .long_words =
		 "--require --import --loader --experimental-loader --conditions --title "
		 "--input-type --icu-data-dir --openssl-config --redirect-warnings "
		 "--env-file --env-file-if-exists --max-http-header-size --max-old-space-size "
		 "--unhandled-rejections --dns-result-order --diagnostic-dir --stack-trace-limit "
		 "--experimental-default-type --disable-warning --tls-cipher-list --tls-keylog "
		 "--cpu-prof-dir --cpu-prof-name --heap-prof-dir --report-dir --report-directory "
		 "--report-filename --report-signal --watch-path --test-name-pattern "
		 "--test-reporter --inspect-port --debug-port --secure-heap --v8-pool-size",
	 .long_text = "--eval --print",
	 .long_flags =
		 "--check --interactive --version --help --watch --test --cpu-prof "
		 "--heap-prof --frozen-intrinsics --preserve-symlinks --preserve-symlinks-main "
		 "--throw-deprecation --pending-deprecation --abort-on-uncaught-exception "
		 "--use-openssl-ca --use-bundled-ca --use-system-ca --report-on-signal "
		 "--report-uncaught-exception --report-on-fatalerror --zero-fill-buffers "
		 "--inspect --inspect-brk --inspect-wait --prof --jitless --permission",
	 .prefixes = "--no- --trace- --expose- --enable- --allow- --experimental- --harmony "
		     "--optimize"},
	{.names = "java",
	 .long_words = "-cp -classpath --class-path -p --module-path --upgrade-module-path "
		       "--add-modules --add-opens --add-exports --add-reads --patch-module "
		       "--limit-modules --describe-module -d --source --enable-native-access "
		       "--finalization",
	 .long_script = "-jar",
	 .long_module = "-m --module",
	 .long_flags =
		 "-server -client -version -showversion --version --show-version -esa -dsa -ea "
		 "-da --enable-preview --list-modules --dry-run --validate-modules "
		 "-XstartOnFirstThread",
	 .prefixes = "-D -X -ea: -da: -enableassertions -disableassertions -verbose -agentlib: "
		     "-agentpath: -javaagent: -splash: --add- --enable- --patch- --limit-",
	 .whole = true,
	 .names_class = true},
	{.names = "php",
	 .flags = "aCehHilmnqsvw",
	 .rest = "",
	 .words = "cdzStT",
	 .text = "rBRE",
	 .script = "fF",
	 .long_words = "--php-ini --define --server --docroot --zend-extension",
	 .long_text = "--run --process-begin --process-code --process-end",
	 .long_script = "--file --process-file",
	 .long_flags = "--no-php-ini --interactive --syntax-check --no-header --help --version"},
	{.names = "lua luajit", .flags = "iEvW", .rest = "jbO", .words = "le"},
	{.names = "tclsh wish", .whole = true, .long_words = "-encoding"},
	{.names = "guile",
	 .flags = "qhv",
	 .words = "LCxel",
	 .text = "c",
	 .script = "s",
	 .long_words = "--listen --language",
	 .long_flags = "--debug --no-debug --auto-compile --fresh-auto-compile --no-auto-compile"},
	{.names = "Rscript",
	 .flags = "",
	 .text = "e",
	 .long_flags = "--verbose --vanilla --no-environ --no-site-file --no-init-file --slave "
		       "--no-save --no-restore --restore"},
	{.names = "mono",
	 .whole = true,
	 .long_words = "--config --runtime",
	 .long_flags = "--debug --server --gc --llvm --nollvm --aot --desktop"},
	{.names = "dotnet",
	 .whole = true,
	 .leave = "exec",
	 .long_words = "--additionalprobingpath --additional-deps --depsfile --runtimeconfig "
		       "--fx-version --roll-forward"},
	{.names = "deno bun",
	 .whole = true,
	 .leave = "run",
	 .long_words = "--config -c --import-map --preload -r --cwd --env-file",
	 .long_flags = "-A --watch --hot --smol --quiet -q --bun",
	 .prefixes = "--allow- --deny- --no- --unstable --inspect"},
	/* The loader of dynamic programs, called by its name. */
	{.names = "ld-linux-x86-64.so ld-linux-aarch64.so ld-linux.so ld-musl-x86_64.so "
		  "ld-musl-aarch64.so",
	 .whole = true,
	 .long_words = "--library-path --preload --audit --argv0 --inhibit-rpath "
		       "--glibc-hwcaps-prepend --glibc-hwcaps-mask",
	 .long_flags = "--verify --list --inhibit-cache"},
};

/* ---- words in lists ---- */

/* The next word of a list; its length in *n. */
static const char *list_next(const char *list, size_t *n)
{
	list += strspn(list, " ");
	*n = strcspn(list, " ");
	return *n ? list : NULL;
}

static bool list_has(const char *list, const char *word, size_t len)
{
	size_t n;

	for (const char *w = list ? list_next(list, &n) : NULL; w; w = list_next(w + n, &n))
		if (n == len && !memcmp(w, word, n))
			return true;
	return false;
}

static bool list_begins(const char *list, const char *word)
{
	size_t n;

	for (const char *w = list ? list_next(list, &n) : NULL; w; w = list_next(w + n, &n))
		if (!strncmp(w, word, n))
			return true;
	return false;
}

const struct interpreter *interpreter_find(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_SIZE(interpreters); i++) {
		const char *w = interpreters[i].names;
		size_t n;

		for (w = list_next(w, &n); w; w = list_next(w + n, &n))
			/* python3.11, perl5, ld-linux.so.2: a version may follow the name */
			if (!strncmp(base, w, n) &&
			    strspn(base + n, "0123456789.-") == strlen(base + n))
				return &interpreters[i];
	}
	return NULL;
}

/* ---- command lines ---- */

const char *argv_next(struct argv *args)
{
	const char *s = args->at;

	if (s >= args->end)
		return NULL;
	args->at += strnlen(s, (size_t)(args->end - s)) + 1;
	return s;
}

static struct program program_named(const struct interpreter *in, enum program_kind kind,
				    const char *name, const struct argv *args)
{
	if (!name)
		return (struct program){.by = in};
	return (struct program){kind, name, in, args->cut && args->at >= args->end};
}

/* What an option says: go on, or this is the program. */
enum step_of { GO_ON, FOUND };

static bool has(const char *letters, char c)
{
	return letters && c && strchr(letters, c);
}

/* The value of letter *s: the rest of the word, or the next one. */
static const char *value_of(const char *s, struct argv *args)
{
	return s[1] ? s + 1 : argv_next(args);
}

/* A word of letters behind a dash. */
static enum step_of read_letters(const struct interpreter *in, const char *s, struct argv *args,
				 bool *late, struct program *out)
{
	for (; *s; s++) {
		if (in->late_text && *s == 'c') {
			*late = true;
		} else if (in->late_text && has(in->words, *s)) {
			argv_next(args); /* -eo pipefail: the letters go on, their words follow */
		} else if (has(in->text, *s)) {
			*out = program_named(in, PROGRAM_INLINE, value_of(s, args), args);
			return FOUND;
		} else if (has(in->module, *s)) {
			*out = program_named(in, PROGRAM_MODULE, value_of(s, args), args);
			return FOUND;
		} else if (has(in->script, *s)) {
			*out = program_named(in, PROGRAM_SCRIPT, value_of(s, args), args);
			return FOUND;
		} else if (has(in->words, *s)) {
			value_of(s, args);
			return GO_ON;
		} else if (has(in->rest, *s)) {
			return GO_ON;
		} else if (!has(in->flags, *s)) {
			*out = (struct program){.by = in};
			return FOUND;
		}
	}
	return GO_ON;
}

/* An option that is a whole word. */
static enum step_of read_whole(const struct interpreter *in, const char *s, struct argv *args,
			       struct program *out)
{
	const size_t n = strcspn(s, "=");
	const bool valued = s[n];
	const struct {
		const char *list;
		enum program_kind kind;
	} what[] = {{in->long_text, PROGRAM_INLINE},
		    {in->long_module, PROGRAM_MODULE},
		    {in->long_script, PROGRAM_SCRIPT}};

	for (size_t i = 0; i < ARRAY_SIZE(what); i++)
		if (list_has(what[i].list, s, n)) {
			*out = program_named(in, what[i].kind, valued ? s + n + 1 : argv_next(args),
					     args);
			return FOUND;
		}
	if (valued || list_has(in->long_flags, s, n))
		return GO_ON;
	if (list_has(in->long_words, s, n)) {
		argv_next(args);
		return GO_ON;
	}
	if (list_begins(in->prefixes, s))
		return GO_ON;
	*out = (struct program){.by = in};
	return FOUND;
}

/* The first word that is no option; NULL: there is none. */
static struct program program_word(const struct interpreter *in, const char *s, bool late,
				   const struct argv *args)
{
	enum program_kind kind = late				      ? PROGRAM_INLINE
				 : in->names_class && !strchr(s, '/') ? PROGRAM_MODULE
								      : PROGRAM_SCRIPT;

	return program_named(in, *s == '@' && in->names_class ? PROGRAM_UNKNOWN : kind, s, args);
}

struct program interpreter_program(const struct interpreter *in, struct argv args)
{
	struct program p = {.by = in};
	bool late = false;
	const char *s = argv_next(&args);

	if (s && list_has(in->leave, s, strlen(s)))
		s = argv_next(&args);
	for (; s; s = argv_next(&args)) {
		bool plus = in->plus && *s == '+';

		if (!strcmp(s, "-"))
			return (struct program){.by = in}; /* from standard input */
		if (!strcmp(s, "--")) {
			s = argv_next(&args);
			break;
		}
		if ((*s != '-' && !plus) || !s[1])
			break;
		if ((in->whole || s[1] == '-' ? read_whole(in, s, &args, &p)
					      : read_letters(in, s + 1, &args, &late, &p)) == FOUND)
			return p;
	}
	if (s)
		return program_word(in, s, late, &args);
	/* Options alone: at its prompt, unless there was more and it was cut off. */
	p.kind = args.cut ? PROGRAM_UNKNOWN : PROGRAM_FILE;
	return p;
}
