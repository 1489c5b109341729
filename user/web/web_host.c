// SPDX-License-Identifier: BSD-2-Clause
/*
 * By which host names the exporter may be asked.
 *
 * A page of others in somebody's browser can have a name of its own resolve to an address that only
 * the browser reaches, and read what answers there.  The name gives it away: it stands in "Host".
 * So a name must be one of ours: of this machine (its host name, alone and with the domains of
 * /etc/resolv.conf, and what /etc/hosts calls it), one that is listened on, or one that was
 * allowed. Addresses are what nobody else can give a meaning to; nor can they to a name without a
 * dot, as Prometheus has them of neighbours in a compose file or a namespace.  No name server is
 * asked: an exporter starts without one.
 *
 * Where a password or TLS is asked for a foreign page gets nowhere, and any name is good.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "web_priv.h"

static void name_add(struct web_names *n, const char *name)
{
	if (!strcmp(name, "*"))
		n->any = true;
	else if (*name && n->n < WEB_NAMES_MAX && !names_have(n, name))
		n->v[n->n++] = xstrdup(name);
}

/* Does this line of /etc/hosts speak of us: by our name, or an address that is always ours? */
static void hosts_line(struct web_names *n, char *line, const char *own)
{
	char *words[32], *save = NULL;
	u32 count = 0;
	bool ours = false;

	line[strcspn(line, "#\n")] = 0;
	for (char *w = strtok_r(line, " \t", &save); w && count < ARRAY_SIZE(words);
	     w = strtok_r(NULL, " \t", &save))
		words[count++] = w;
	for (u32 i = 0; i < count; i++)
		ours |= i ? !strcasecmp(words[i], own)
			  : !strncmp(words[0], "127.", 4) || !strcmp(words[0], "::1");
	for (u32 i = 1; i < count && ours; i++)
		name_add(n, words[i]);
}

static void resolv_line(struct web_names *n, char *line, const char *own)
{
	char *save = NULL, *word = strtok_r(line, " \t\n", &save), name[2 * HOST_MAX];

	if (!word || (strcmp(word, "search") && strcmp(word, "domain")))
		return;
	while ((word = strtok_r(NULL, " \t\n", &save))) {
		snprintf(name, sizeof(name), "%s.%.*s", own, HOST_MAX, word);
		name_add(n, name);
	}
}

static void lines_read(struct web_names *n, const char *path, const char *own,
		       void (*line)(struct web_names *, char *, const char *))
{
	FILE *f = fopen(path, "re");
	char text[1024];

	while (f && fgets(text, sizeof(text), f))
		line(n, text, own);
	if (f)
		fclose(f);
}

void names_learn(struct web_names *n, const struct web_opts *o)
{
	char own[HOST_MAX] = "", host[HOST_MAX];
	u16 port;

	for (u32 i = 0; i < o->nallow; i++)
		name_add(n, o->allow[i]);
	for (u32 i = 0; i < o->nlisten; i++)
		if (address_split(o->listen[i], host, &port))
			name_add(n, host);
	gethostname(own, sizeof(own) - 1);
	name_add(n, own);
	lines_read(n, "/etc/hosts", own, hosts_line);
	lines_read(n, "/etc/resolv.conf", own, resolv_line);
}

void names_free(struct web_names *n)
{
	for (u32 i = 0; i < n->n; i++)
		free(n->v[i]);
	n->n = 0;
}

/* "*.example.org" has all names below it. */
static bool name_fits(const char *ours, const char *host)
{
	size_t n = strlen(host), tail = strlen(ours);

	if (ours[0] != '*' || ours[1] != '.')
		return !strcasecmp(ours, host);
	return n >= tail && !strcasecmp(host + n - (tail - 1), ours + 1);
}

static bool is_address(const char *host)
{
	struct in_addr v4;

	return strchr(host, ':') || inet_pton(AF_INET, host, &v4) == 1;
}

bool names_have(const struct web_names *n, const char *host)
{
	bool have =
		n->any || is_address(host) || !strchr(host, '.') || name_fits("*.localhost", host);

	for (u32 i = 0; i < n->n && !have; i++)
		have = name_fits(n->v[i], host);
	return have;
}

/* "NAME", "NAME:PORT", "1.2.3.4:PORT", "[v6]:PORT", with the dot of a full name or without. */
static bool host_split(const char *s, char host[HOST_MAX])
{
	const char *end = *s == '[' ? strchr(s, ']') : s + strcspn(s, ":");
	struct in6_addr v6;
	size_t n;

	if (!end)
		return false;
	s += *s == '[';
	n = (size_t)(end - s);
	if (!n || n >= HOST_MAX)
		return false;
	memcpy(host, s, n);
	host[n] = 0;
	if (*end == ']') {
		if (inet_pton(AF_INET6, host, &v6) != 1)
			return false;
		end++;
	}
	if (host[n - 1] == '.')
		host[n - 1] = 0;
	if (*end == ':')
		end += 1 + strspn(end + 1, "0123456789");
	return host[0] && !*end;
}

bool request_foreign(struct conn *c)
{
	const struct web *w = c->web;
	const char *said = MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, "Host");
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	char host[HOST_MAX];

	if (!said || w->config.nusers || w->config.tls_on)
		return false;
	if (info && info->client_addr && info->client_addr->sa_family == AF_UNIX)
		return false; /* no browser gets there */
	return !host_split(said, host) || !names_have(&w->names, host);
}
