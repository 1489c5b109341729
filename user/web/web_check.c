// SPDX-License-Identifier: BSD-2-Clause
/*
 * What no request has: control bytes, two lengths, a length beside an encoding, two hosts.
 *
 * libmicrohttpd 0.9.75 takes a NUL for the end of what it is in and the first of two headers for
 * the only one, so that who is in between and we would not see the same request.
 */
#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "web_priv.h"

bool bytes_foul(int fd)
{
	static char bytes[CONN_MEMORY]; /* the thread of HTTP alone */
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

	for (ssize_t i = 0; i < n; i++)
		if ((iscntrl((unsigned char)bytes[i]) &&
		     !strchr("\t\r\n", bytes[i] ? bytes[i] : 1)) ||
		    (i && bytes[i] == ':' && bytes[i - 1] == '\n')) /* a header without a name */
			return true;
	return false;
}

bool target_foul(const char *uri)
{
	for (const char *s = uri; *s; s++) {
		if (iscntrl((unsigned char)*s))
			return true;
		if (*s == '%' &&
		    ((strchr("01", s[1] ? s[1] : 'x') && isxdigit((unsigned char)s[2])) ||
		     !strncasecmp(s + 1, "7f", 2)))
			return true;
	}
	return false;
}

static bool token(const char *s)
{
	const char *begin = s;

	while (isalnum((unsigned char)*s) || (*s && strchr("!#$%&'*+-.^_`|~", *s)))
		s++;
	return s > begin && !*s;
}

static bool value_clean(const char *s)
{
	while (*s && (*s == '\t' || !iscntrl((unsigned char)*s)))
		s++;
	return !*s;
}

struct looked {
	u32 lengths, encodings, hosts;
	bool foul;
};

static enum MHD_Result header_look(void *looked, enum MHD_ValueKind kind, const char *name,
				   const char *value)
{
	struct looked *l = looked;

	(void)kind;
	l->foul |= !name || !token(name) || (value && !value_clean(value));
	if (!name)
		return MHD_YES;
	l->lengths += !strcasecmp(name, "Content-Length");
	l->encodings += !strcasecmp(name, "Transfer-Encoding");
	l->hosts += !strcasecmp(name, "Host");
	return MHD_YES;
}

/*
 * The version follows the target in the bytes that were read, a space between them: a target that
 * seems to be shorter had a NUL.  Where libmicrohttpd keeps them otherwise nothing is known.
 */
static bool target_cut(const struct conn *c, const char *version)
{
	uintptr_t end = (uintptr_t)c->uri + c->uri_len + 1, at = (uintptr_t)version;

	return version && at > end && at - end < CONN_MEMORY;
}

bool request_foul(struct conn *c, const char *version)
{
	struct looked l = {};

	MHD_get_connection_values(c->mhd, MHD_HEADER_KIND, header_look, &l);
	return c->foul || l.foul || target_cut(c, version) || l.lengths > 1 || l.hosts > 1 ||
	       (l.lengths && l.encodings);
}
