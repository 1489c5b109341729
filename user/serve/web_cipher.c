// SPDX-License-Identifier: BSD-2-Clause
/*
 * Cipher suites and curves by the names that Go gives them, as a priority string of GnuTLS.
 *
 * GnuTLS is told key exchanges, ciphers and MACs, and offers every combination of them, TLS 1.3's
 * suites included.  A list that would let in a suite nobody asked for is refused.
 */
#include <errno.h>

#include "web_priv.h"

struct suite {
	const char *name;
	u16 id;
	const char *exchange; /* NULL: of TLS 1.3, which has suites of its own */
	const char *cipher, *mac;
};

/* Those that Go calls secure. */
static const struct suite suites[] = {
	{"TLS_AES_128_GCM_SHA256", 0x1301, NULL, "AES-128-GCM", "AEAD"},
	{"TLS_AES_256_GCM_SHA384", 0x1302, NULL, "AES-256-GCM", "AEAD"},
	{"TLS_CHACHA20_POLY1305_SHA256", 0x1303, NULL, "CHACHA20-POLY1305", "AEAD"},
	{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xc02b, "ECDHE-ECDSA", "AES-128-GCM", "AEAD"},
	{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 0xc02c, "ECDHE-ECDSA", "AES-256-GCM", "AEAD"},
	{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xc02f, "ECDHE-RSA", "AES-128-GCM", "AEAD"},
	{"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 0xc030, "ECDHE-RSA", "AES-256-GCM", "AEAD"},
	{"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca8, "ECDHE-RSA", "CHACHA20-POLY1305",
	 "AEAD"},
	{"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 0xcca9, "ECDHE-ECDSA",
	 "CHACHA20-POLY1305", "AEAD"},
	{"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", 0xc009, "ECDHE-ECDSA", "AES-128-CBC", "SHA1"},
	{"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", 0xc00a, "ECDHE-ECDSA", "AES-256-CBC", "SHA1"},
	{"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", 0xc013, "ECDHE-RSA", "AES-128-CBC", "SHA1"},
	{"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", 0xc014, "ECDHE-RSA", "AES-256-CBC", "SHA1"},
	{"TLS_RSA_WITH_AES_128_CBC_SHA", 0x002f, "RSA", "AES-128-CBC", "SHA1"},
	{"TLS_RSA_WITH_AES_256_CBC_SHA", 0x0035, "RSA", "AES-256-CBC", "SHA1"},
	{"TLS_RSA_WITH_AES_128_GCM_SHA256", 0x009c, "RSA", "AES-128-GCM", "AEAD"},
	{"TLS_RSA_WITH_AES_256_GCM_SHA384", 0x009d, "RSA", "AES-256-GCM", "AEAD"},
};

static const struct {
	const char *name, *group;
} groups[] = {{"CurveP256", "SECP256R1"},
	      {"CurveP384", "SECP384R1"},
	      {"CurveP521", "SECP521R1"},
	      {"X25519", "X25519"}};

static const char *const versions[TLS_VERSIONS] = {"TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"};

bool cipher_suite_find(const char *name, u32 *row)
{
	for (*row = 0; *row < ARRAY_SIZE(suites); ++*row)
		if (!strcmp(suites[*row].name, name))
			return true;
	return false;
}

bool cipher_group_find(const char *name, u8 *row)
{
	for (*row = 0; *row < ARRAY_SIZE(groups); ++*row)
		if (!strcmp(groups[*row].name, name))
			return true;
	return false;
}

/* ":+WORD", unless it is there already. */
static void add_word(struct buf *b, const char *word)
{
	char what[64];
	int n = snprintf(what, sizeof(what), ":+%s", word);
	const char *at = b->s;

	while (at && (at = strstr(at, what)) && at[n] && at[n] != ':')
		at++;
	if (!at)
		buf_puts(b, what);
}

static void add_suites(struct web_tls *t, enum tls_version *min, enum tls_version *max)
{
	bool old = false, new = false;

	for (u32 i = 0; i < ARRAY_SIZE(suites); i++) {
		const struct suite *s = &suites[i];

		if (!(t->suites >> i & 1))
			continue;
		old |= s->exchange != NULL;
		new |= !strcmp(s->mac, "AEAD");
		if (s->exchange)
			add_word(&t->priorities, s->exchange);
		add_word(&t->priorities, s->cipher);
		add_word(&t->priorities, s->mac);
	}
	if (!old && *min < TLS_1_3)
		*min = TLS_1_3;
	if (!new &&*max > TLS_1_2)
		*max = TLS_1_2;
}

/* The row of a suite that GnuTLS would offer; -1: it is none of ours. */
static int suite_row(const unsigned char id[2])
{
	for (u32 i = 0; i < ARRAY_SIZE(suites); i++)
		if (suites[i].id == (id[0] << 8 | id[1]))
			return (int)i;
	return -1;
}

/* Nothing is on offer that was not asked for. */
static int offers_check(const struct web_config *c, gnutls_priority_t p, struct buf *err)
{
	gnutls_protocol_t since;
	unsigned char id[2];
	unsigned int index;
	int e;

	for (u32 i = 0; (e = gnutls_priority_get_cipher_suite_index(p, i, &index)) !=
			GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
	     i++) {
		int row;

		if (e == GNUTLS_E_UNKNOWN_CIPHER_SUITE ||
		    !gnutls_cipher_suite_info(index, id, NULL, NULL, NULL, &since))
			continue;
		row = suite_row(id);
		if (since == GNUTLS_TLS1_3 || (row >= 0 && c->tls.suites >> row & 1))
			continue;
		return config_wrong(c->path, c->tls.suites_line, err,
				    "cipher_suites: GnuTLS would offer %s along with these: add "
				    "it, or take out what shares its parts",
				    row >= 0 ? suites[row].name : "others");
	}
	return 0;
}

static void priorities_make(struct web_tls *t, enum tls_version *min, enum tls_version *max)
{
	struct buf *b = &t->priorities;

	if (t->suites) {
		buf_puts(b, "NONE:+SIGN-ALL:+CTYPE-X509:+COMP-NULL");
		add_suites(t, min, max);
	} else {
		/* no key exchange without forward secrecy, and none that costs us more than them */
		buf_puts(b, "NORMAL:-VERS-ALL:-RSA:-DHE-RSA");
	}
	for (int v = *max; v >= (int)*min; v--)
		buf_printf(b, ":+VERS-%s", versions[v]);
	if (t->ngroups || t->suites)
		buf_puts(b, t->ngroups ? ":-GROUP-ALL" : ":+GROUP-ALL");
	for (u32 i = 0; i < t->ngroups; i++)
		buf_printf(b, ":+GROUP-%s", groups[t->groups[i]].group);
	if (!t->client_order)
		buf_puts(b, ":%SERVER_PRECEDENCE");
}

int cipher_priorities(struct web_config *c, struct buf *err)
{
	struct web_tls *t = &c->tls;
	enum tls_version min = t->min, max = t->max;
	gnutls_priority_t p;
	const char *at;
	int e;

	if (min > max)
		return config_wrong(c->path, t->version_line, err,
				    "min_version is above max_version: no client could connect");
	priorities_make(t, &min, &max);
	if (min > max)
		return config_wrong(c->path, t->suites_line, err,
				    "cipher_suites: none of these is of the versions from "
				    "min_version to max_version");
	e = gnutls_priority_init(&p, t->priorities.s, &at);
	if (e)
		return config_wrong(c->path, t->suites_line ? t->suites_line : t->version_line, err,
				    "GnuTLS does not accept these versions, suites and curves: %s "
				    "at '%s'",
				    gnutls_strerror(e), at ? at : "");
	e = t->suites ? offers_check(c, p, err) : 0;
	gnutls_priority_deinit(p);
	return e;
}
