// SPDX-License-Identifier: BSD-2-Clause
/*
 * --web.config.file: TLS, headers and passwords, in the YAML and with the meaning that Prometheus's
 * own exporters give it.  Read once, at the start: the rights to read it again are given up.
 */
#include <crypt.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "web_priv.h"
#include "web_yaml.h"

const char *const web_header_names[WEB_HEADERS] = {
	[HEADER_HSTS] = "Strict-Transport-Security", [HEADER_NOSNIFF] = "X-Content-Type-Options",
	[HEADER_FRAME] = "X-Frame-Options",	     [HEADER_XSS] = "X-XSS-Protection",
	[HEADER_CSP] = "Content-Security-Policy",
};

static struct web_tls *tls_of(struct yaml *y)
{
	return &((struct web_config *)y->into)->tls;
}

/* ---- tls_server_config ------------------------------------------------------------------- */

/* The two ways to give one thing exclude each other. */
static int pem_once(struct yaml *y, const struct yaml_key *k, const struct web_pem *p,
		    yaml_node_t *value)
{
	if (!p->text)
		return 0;
	return yaml_wrong(y, yaml_line(value), "%s is given, too, in line %u: leave one out",
			  k->name, p->line);
}

static int take_pem(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	struct web_pem *p = (struct web_pem *)((char *)tls_of(y) + k->at);
	const char *s = yaml_text(y, value, k->name);

	if (!s || pem_once(y, k, p, value))
		return -EINVAL;
	if (*s)
		*p = (struct web_pem){.text = xstrdup(s), .line = yaml_line(value)};
	return 0;
}

/* A path as it is, or beside the configuration. */
static char *path_beside(const char *config, const char *path)
{
	const char *slash = strrchr(config, '/');
	struct buf b = {};

	if (*path != '/' && slash)
		buf_add(&b, config, (size_t)(slash - config) + 1);
	buf_puts(&b, path);
	return b.s;
}

static int take_file(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	struct web_pem *p = (struct web_pem *)((char *)tls_of(y) + k->at);
	const char *s = yaml_text(y, value, k->name);
	struct buf why = {};
	size_t len;
	int e = 0;

	if (!s || pem_once(y, k, p, value))
		return -EINVAL;
	if (!*s)
		return 0;
	p->line = yaml_line(value);
	p->file = path_beside(y->path, s);
	if (text_read(p->file, WEB_TEXT_MAX, &p->text, &len, &why))
		e = yaml_wrong(y, p->line, "%s: cannot read %s: %s", k->name, p->file, why.s);
	else if (strlen(p->text) != len)
		e = yaml_wrong(y, p->line, "%s: %s is not text: give it in PEM", k->name, p->file);
	buf_free(&why);
	return e;
}

static int take_client_auth(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	static const struct {
		const char *name;
		enum client_auth auth;
	} all[] = {{"", CLIENT_NONE},
		   {"NoClientCert", CLIENT_NONE},
		   {"RequestClientCert", CLIENT_REQUEST},
		   {"RequireAnyClientCert", CLIENT_REQUIRE},
		   {"RequireClientCert", CLIENT_REQUIRE}, /* what it was called before */
		   {"VerifyClientCertIfGiven", CLIENT_VERIFY_GIVEN},
		   {"RequireAndVerifyClientCert", CLIENT_VERIFY}};
	const char *s = yaml_text(y, value, k->name);

	tls_of(y)->client_line = yaml_line(value);
	for (u32 i = 0; s && i < ARRAY_SIZE(all); i++)
		if (!strcmp(s, all[i].name)) {
			tls_of(y)->client = all[i].auth;
			return 0;
		}
	if (!s)
		return -EINVAL;
	return yaml_wrong(y, yaml_line(value),
			  "unknown client_auth_type '%.100s': it is NoClientCert, "
			  "RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven or "
			  "RequireAndVerifyClientCert",
			  s);
}

static int take_san(struct yaml *y, const char *text, u32 line)
{
	struct web_tls *t = tls_of(y);

	if (t->nsans == WEB_NAMES_MAX)
		return yaml_wrong(y, line, "client_allowed_sans: at most %d names", WEB_NAMES_MAX);
	t->sans[t->nsans++] = xstrdup(text);
	t->sans_line = line;
	return 0;
}

static int take_sans(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	return yaml_list(y, value, k->name, take_san);
}

static int take_version(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	static const char *const names[TLS_VERSIONS] = {"TLS10", "TLS11", "TLS12", "TLS13"};
	enum tls_version *v = (enum tls_version *)((char *)tls_of(y) + k->at);
	const char *s = yaml_text(y, value, k->name);

	if (!s)
		return -EINVAL;
	tls_of(y)->version_line = yaml_line(value);
	for (u32 i = 0; i < TLS_VERSIONS; i++)
		if (!strcmp(s, names[i])) {
			*v = i;
			return 0;
		}
	return *s ? yaml_wrong(y, yaml_line(value),
			       "unknown %s '%.100s': it is TLS10, TLS11, TLS12 or TLS13", k->name,
			       s)
		  : 0;
}

/* Which suites and curves are good is GnuTLS's business, which knows more of it each year. */
static int take_crypto(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	return yaml_wrong(y, yaml_line(value),
			  "%s is not taken here: GnuTLS offers what is safe, and min_version and "
			  "max_version are obeyed; take it out",
			  k->name);
}

static int take_tls(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	static const struct yaml_key keys[] = {
		{"cert_file", take_file, offsetof(struct web_tls, cert)},
		{"key_file", take_file, offsetof(struct web_tls, key)},
		{"cert", take_pem, offsetof(struct web_tls, cert)},
		{"key", take_pem, offsetof(struct web_tls, key)},
		{"client_auth_type", take_client_auth, 0},
		{"client_ca_file", take_file, offsetof(struct web_tls, ca)},
		{"client_ca", take_pem, offsetof(struct web_tls, ca)},
		{"client_allowed_sans", take_sans, 0},
		{"min_version", take_version, offsetof(struct web_tls, min)},
		{"max_version", take_version, offsetof(struct web_tls, max)},
		{"cipher_suites", take_crypto, 0},
		{"prefer_server_cipher_suites", take_crypto, 0},
		{"curve_preferences", take_crypto, 0},
		{},
	};

	return yaml_section(y, value, k->name, keys);
}

/* ---- http_server_config ------------------------------------------------------------------ */

static int header_check(struct yaml *y, enum web_header h, const char *s, u32 line)
{
	for (const char *c = s; *c; c++)
		if (iscntrl((unsigned char)*c) || !isascii((unsigned char)*c))
			return yaml_wrong(y, line, "%s: only printable ASCII can be in a header",
					  web_header_names[h]);
	if (strlen(s) > 2048)
		return yaml_wrong(y, line, "%s: at most 2048 bytes", web_header_names[h]);
	if (h == HEADER_NOSNIFF && strcmp(s, "nosniff") && *s)
		return yaml_wrong(y, line, "%s is nosniff, not '%s'", web_header_names[h], s);
	if (h == HEADER_FRAME && strcmp(s, "deny") && strcmp(s, "sameorigin") && *s)
		return yaml_wrong(y, line, "%s is deny or sameorigin, not '%s'",
				  web_header_names[h], s);
	return 0;
}

static int take_header(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	enum web_header h = (enum web_header)k->at;
	const char *s = yaml_text(y, value, k->name);

	if (!s || header_check(y, h, s, yaml_line(value)))
		return -EINVAL;
	((struct web_config *)y->into)->header[h] = xstrdup(s);
	return 0;
}

static int take_headers(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	struct yaml_key keys[WEB_HEADERS + 1] = {};

	for (u32 i = 0; i < WEB_HEADERS; i++)
		keys[i] = (struct yaml_key){web_header_names[i], take_header, i};
	return yaml_section(y, value, k->name, keys);
}

/* Whether HTTP/2 is allowed: we never speak it, so either is obeyed. */
static int take_http2(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	bool on;

	return yaml_bool(y, value, k->name, &on);
}

static int take_http(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	static const struct yaml_key keys[] = {
		{"http2", take_http2, 0}, {"headers", take_headers, 0}, {}};

	return yaml_section(y, value, k->name, keys);
}

/* ---- basic_auth_users -------------------------------------------------------------------- */

/* The hash itself is not repeated: logs are read by many. */
static int hash_check(struct yaml *y, const char *name, const char *s, u32 line)
{
	static const char how[] = "make one with `htpasswd -nBC 10 NAME`";
	u64 cost;
	char number[3] = "";

	if (strlen(s) != BCRYPT_LEN || s[0] != '$' || s[1] != '2' || !strchr("aby", s[2]) ||
	    s[3] != '$' || s[6] != '$' || crypt_checksalt(s) != CRYPT_SALT_OK)
		return yaml_wrong(y, line, "the password of '%.100s' is not a bcrypt hash: %s",
				  name, how);
	memcpy(number, s + 4, 2);
	if (!parse_u64(number, BCRYPT_COST, &cost))
		return yaml_wrong(y, line,
				  "the bcrypt hash of '%.100s' costs too much (at most %d): %s",
				  name, BCRYPT_COST, how);
	return 0;
}

static int take_user(struct yaml *y, yaml_node_t *key, yaml_node_t *value, const void *arg)
{
	struct web_config *c = y->into;
	const char *name = (const char *)key->data.scalar.value;
	const char *hash = yaml_text(y, value, name);

	(void)arg;
	if (!hash || hash_check(y, name, hash, yaml_line(value)))
		return -EINVAL;
	if (strchr(name, ':'))
		return yaml_wrong(y, yaml_line(key),
				  "the user '%.100s' could never log in: HTTP allows no colon in a "
				  "name",
				  name);
	if (c->nusers == WEB_USERS_MAX)
		return yaml_wrong(y, yaml_line(key), "basic_auth_users: at most %d users",
				  WEB_USERS_MAX);
	c->users = xrealloc(c->users, (c->nusers + 1) * sizeof(*c->users));
	c->users[c->nusers].name = xstrdup(name);
	memcpy(c->users[c->nusers++].hash, hash, BCRYPT_LEN + 1);
	return 0;
}

static int take_users(struct yaml *y, const struct yaml_key *k, yaml_node_t *value)
{
	return yaml_pairs(y, value, k->name, take_user, NULL);
}

/* ---- the file ---------------------------------------------------------------------------- */

int web_config_read(struct web_config *c, const char *path, struct buf *err)
{
	static const struct yaml_key keys[] = {{"tls_server_config", take_tls, 0},
					       {"http_server_config", take_http, 0},
					       {"basic_auth_users", take_users, 0},
					       {}};
	struct yaml y = {.path = path, .err = err, .into = c};
	yaml_node_t *root;
	int e;

	*c = (struct web_config){.path = path, .tls = {.min = TLS_1_2, .max = TLS_1_3}};
	e = yaml_load(&y, &root);
	if (!e && root)
		e = yaml_section(&y, root, "the configuration", keys);
	yaml_unload(&y);
	return e ? e : web_tls_check(c, err);
}

static void pem_free(struct web_pem *p)
{
	if (p->text)
		explicit_bzero(p->text, strlen(p->text));
	free(p->text);
	free(p->file);
	*p = (struct web_pem){};
}

void web_tls_forget(struct web_tls *t)
{
	pem_free(&t->cert);
	pem_free(&t->key);
	pem_free(&t->ca);
}

void web_config_free(struct web_config *c)
{
	web_tls_forget(&c->tls);
	for (u32 i = 0; i < c->tls.nsans; i++)
		free(c->tls.sans[i]);
	for (u32 i = 0; i < WEB_HEADERS; i++)
		free(c->header[i]);
	for (u32 i = 0; i < c->nusers; i++)
		free(c->users[i].name);
	free(c->users);
}
