// SPDX-License-Identifier: BSD-2-Clause
/*
 * TLS: does what the configuration gives fit together, and is a client who it must be?
 *
 * The certificate of a client is verified within the handshake: who fails it never gets as far as a
 * request.  Sessions are not resumed, so that each connection is verified anew.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <stdlib.h>

#include "web_priv.h"

/* ---- at the start ------------------------------------------------------------------------ */

static gnutls_datum_t datum_of(const struct web_pem *p)
{
	return (gnutls_datum_t){(unsigned char *)p->text, (unsigned int)strlen(p->text)};
}

static const char *place_of(const struct web_pem *p)
{
	return p->file ? p->file : "the text here";
}

static int cert_check(const struct web_config *c, struct buf *err)
{
	const gnutls_datum_t d = datum_of(&c->tls.cert);
	gnutls_x509_crt_t *list;
	unsigned int n;
	int e = gnutls_x509_crt_list_import2(&list, &n, &d, GNUTLS_X509_FMT_PEM, 0);

	if (e < 0)
		return config_wrong(c->path, c->tls.cert.line, err,
				    "%s holds no certificate in PEM that can be read (%s)",
				    place_of(&c->tls.cert), gnutls_strerror(e));
	while (n)
		gnutls_x509_crt_deinit(list[--n]);
	gnutls_free(list);
	return 0;
}

static int key_check(const struct web_config *c, struct buf *err)
{
	const gnutls_datum_t d = datum_of(&c->tls.key);
	gnutls_x509_privkey_t key;
	int e = gnutls_x509_privkey_init(&key);

	if (!e) {
		e = gnutls_x509_privkey_import2(key, &d, GNUTLS_X509_FMT_PEM, NULL, 0);
		gnutls_x509_privkey_deinit(key);
	}
	if (!e)
		return 0;
	if (e == GNUTLS_E_DECRYPTION_FAILED || strstr(c->tls.key.text, "ENCRYPTED"))
		return config_wrong(c->path, c->tls.key.line, err,
				    "the key in %s is encrypted, and nobody is there to give its "
				    "password: decrypt it first",
				    place_of(&c->tls.key));
	return config_wrong(c->path, c->tls.key.line, err,
			    "%s holds no private key in PEM that can be read (%s)",
			    place_of(&c->tls.key), gnutls_strerror(e));
}

/* The certificate is that of the key, and there are authorities in the list of them. */
static int pair_check(const struct web_config *c, struct buf *err)
{
	const gnutls_datum_t cert = datum_of(&c->tls.cert), key = datum_of(&c->tls.key);
	gnutls_certificate_credentials_t cred;
	gnutls_datum_t ca;
	int e = gnutls_certificate_allocate_credentials(&cred), out = 0;

	if (!e)
		e = gnutls_certificate_set_x509_key_mem(cred, &cert, &key, GNUTLS_X509_FMT_PEM);
	if (e < 0) {
		out = config_wrong(c->path, c->tls.cert.line, err,
				   "certificate and key do not fit each other (%s): give the "
				   "certificate that was issued for this key first in its file",
				   gnutls_strerror(e));
	} else if (c->tls.ca.text) {
		ca = datum_of(&c->tls.ca);
		e = gnutls_certificate_set_x509_trust_mem(cred, &ca, GNUTLS_X509_FMT_PEM);
		if (e <= 0)
			out = config_wrong(c->path, c->tls.ca.line, err,
					   "%s holds no certificate of an authority in PEM that "
					   "can be read",
					   place_of(&c->tls.ca));
	}
	gnutls_certificate_free_credentials(cred);
	return out;
}

static bool client_verified(const struct web_tls *t)
{
	return t->client == CLIENT_VERIFY || t->client == CLIENT_VERIFY_GIVEN;
}

static int client_check(const struct web_config *c, struct buf *err)
{
	const struct web_tls *t = &c->tls;

	if (t->ca.text && t->client == CLIENT_NONE)
		return config_wrong(c->path, t->ca.line, err,
				    "client_ca is given, but no client_auth_type: add "
				    "RequireAndVerifyClientCert, or take client_ca out");
	if (client_verified(t) && !t->ca.text)
		return config_wrong(c->path, t->client_line, err,
				    "client_auth_type wants certificates verified, but by which "
				    "authority? add client_ca_file");
	if (t->nsans && !client_verified(t))
		return config_wrong(c->path, t->sans_line, err,
				    "client_allowed_sans: names in certificates that nobody "
				    "verified say nothing; use RequireAndVerifyClientCert");
	return 0;
}

/* Between the versions: nothing without forward secrecy, nor what costs us more than the client. */
static int versions_check(struct web_config *c, struct buf *err)
{
	static const char *const names[TLS_VERSIONS] = {"TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"};
	struct web_tls *t = &c->tls;
	int n = snprintf(t->priorities, sizeof(t->priorities),
			 "NORMAL:-VERS-ALL:-RSA:-DHE-RSA:%%SERVER_PRECEDENCE");

	if (t->min > t->max)
		return config_wrong(c->path, t->version_line, err,
				    "min_version is above max_version: no client could connect");
	for (int v = t->max; v >= (int)t->min; v--)
		n += snprintf(t->priorities + n, sizeof(t->priorities) - n, ":+VERS-%s", names[v]);
	return 0;
}

int web_tls_check(struct web_config *c, struct buf *err)
{
	struct web_tls *t = &c->tls;
	u32 line = t->ca.text ? t->ca.line : t->client_line;
	int e;

	if (!t->cert.text && !t->key.text && !t->ca.text && t->client == CLIENT_NONE && !t->nsans)
		return 0;
	if (!t->cert.text)
		return config_wrong(c->path, t->key.text ? t->key.line : line, err,
				    "tls_server_config has no certificate: add cert_file");
	if (!t->key.text)
		return config_wrong(c->path, t->cert.line, err,
				    "tls_server_config has no private key: add key_file");
	c->tls_on = true;
	e = cert_check(c, err);
	e = e ? e : key_check(c, err);
	e = e ? e : client_check(c, err);
	e = e ? e : pair_check(c, err);
	return e ? e : versions_check(c, err);
}

/* ---- at each connection ------------------------------------------------------------------ */

static bool san_allowed(const struct web_tls *t, const char *name, size_t n)
{
	for (u32 i = 0; i < t->nsans; i++)
		if (strlen(t->sans[i]) == n && !memcmp(t->sans[i], name, n))
			return true;
	return false;
}

/* One of the names in the certificate; an address becomes text first. */
static bool san_fits(const struct web_tls *t, unsigned int type, const gnutls_datum_t *san)
{
	char text[INET6_ADDRSTRLEN];

	switch (type) {
	case GNUTLS_SAN_DNSNAME:
	case GNUTLS_SAN_RFC822NAME:
	case GNUTLS_SAN_URI:
		return san_allowed(t, (const char *)san->data, san->size);
	case GNUTLS_SAN_IPADDRESS:
		if ((san->size != 4 && san->size != 16) ||
		    !inet_ntop(san->size == 4 ? AF_INET : AF_INET6, san->data, text, sizeof(text)))
			return false;
		return san_allowed(t, text, strlen(text));
	default:
		return false;
	}
}

static bool names_fit(const struct web_tls *t, const gnutls_datum_t *der)
{
	gnutls_subject_alt_names_t names = NULL;
	gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t ext = {}, san;
	unsigned int type;
	bool fit = false;

	if (!gnutls_x509_crt_init(&crt) && !gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) &&
	    !gnutls_x509_crt_get_extension_by_oid2(crt, GNUTLS_X509EXT_OID_SAN, 0, &ext, NULL) &&
	    !gnutls_subject_alt_names_init(&names) &&
	    !gnutls_x509_ext_import_subject_alt_names(&ext, names, 0))
		for (unsigned int i = 0;
		     !fit && !gnutls_subject_alt_names_get(names, i, &type, &san, NULL); i++)
			fit = san_fits(t, type, &san);
	if (names)
		gnutls_subject_alt_names_deinit(names);
	gnutls_free(ext.data);
	gnutls_x509_crt_deinit(crt);
	return fit;
}

/* Called by GnuTLS within the handshake, also when no certificate came; not 0 ends it. */
static int client_verify(gnutls_session_t session)
{
	const struct web_tls *t = gnutls_session_get_ptr(session);
	gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
					 .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT};
	unsigned int n = 0, status = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);

	if (!chain || !n)
		return t->client == CLIENT_VERIFY || t->client == CLIENT_REQUIRE ? -1 : 0;
	if (!client_verified(t))
		return 0;
	if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) || status)
		return -1;
	return t->nsans && !names_fit(t, &chain[0]) ? -1 : 0;
}

void web_tls_begin(const struct web_tls *t, gnutls_session_t session)
{
	if (t->client == CLIENT_NONE)
		return;
	gnutls_session_set_ptr(session, (void *)t);
	gnutls_certificate_server_set_request(session, t->client == CLIENT_REQUIRE ||
								       t->client == CLIENT_VERIFY
							       ? GNUTLS_CERT_REQUIRE
							       : GNUTLS_CERT_REQUEST);
	gnutls_session_set_verify_function(session, client_verify);
}
