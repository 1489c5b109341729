// SPDX-License-Identifier: BSD-2-Clause
/*
 * Passwords: basic authentication against bcrypt hashes.
 *
 * A bcrypt takes tens of milliseconds by design, so that it is done rarely: who was right is
 * remembered, by a keyed hash of all that was said; and who is wrong spends a budget that is shared
 * by all, beyond which the answer is "too many" at no cost.  So a flood of wrong passwords takes a
 * quarter of one core at most, and those who are remembered get in all the while.  A user who does
 * not exist costs the same as a wrong password.
 */
#include <crypt.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "web_priv.h"

#define DIGEST	     32
#define REMEMBER_MAX 64
#define SAID_MAX     1024	    /* bytes of a name and a password */
#define SHARE	     4		    /* a bcrypt is followed by so many times its own rest */
#define AHEAD_NS     (2 * NS_PER_S) /* of the budget: several clients may begin at once */

struct auth {
	u8 key[DIGEST];
	u8 good[REMEMBER_MAX][DIGEST];
	u32 ngood, next;
	u64 spent_until_ns;
	struct crypt_data crypt;
};

/* What a client said: "NAME\0PASSWORD\0". */
struct said {
	char text[SAID_MAX + 1];
	const char *password;
	size_t len;
};

struct auth *auth_new(void)
{
	struct auth *a = xcalloc(1, sizeof(*a));

	if (gnutls_rnd(GNUTLS_RND_KEY, a->key, sizeof(a->key)))
		die(EXIT_CANNOT, "no random numbers");
	return a;
}

void auth_free(struct auth *a)
{
	if (a)
		explicit_bzero(a, sizeof(*a));
	free(a);
}

/* "Basic bmFtZTpwYXNzd29yZA==" */
static bool said_read(struct said *s, const char *header)
{
	gnutls_datum_t in, out;
	char *colon = NULL;

	if (!header || strncasecmp(header, "Basic ", 6))
		return false;
	header += 6 + strspn(header + 6, " ");
	in = (gnutls_datum_t){(unsigned char *)header, (unsigned int)strlen(header)};
	if (in.size > SAID_MAX * 4 / 3 || gnutls_base64_decode2(&in, &out))
		return false;
	s->len = out.size;
	if (out.size <= SAID_MAX && !memchr(out.data, 0, out.size)) {
		memcpy(s->text, out.data, out.size);
		s->text[out.size] = 0;
		colon = strchr(s->text, ':');
	}
	explicit_bzero(out.data, out.size);
	gnutls_free(out.data);
	if (!colon)
		return false;
	*colon = 0;
	s->password = colon + 1;
	return true;
}

static const struct web_user *user_find(const struct web_config *c, const char *name)
{
	const struct web_user *found = NULL;

	for (u32 i = 0; i < c->nusers; i++)
		if (!strcmp(c->users[i].name, name))
			found = &c->users[i];
	return found;
}

/* Hashes never change while we run: name and password say it all. */
static bool digest_of(const struct auth *a, const struct said *s, u8 digest[DIGEST])
{
	return !gnutls_hmac_fast(GNUTLS_MAC_SHA256, a->key, sizeof(a->key), s->text, s->len,
				 digest);
}

static bool remembered(const struct auth *a, const u8 digest[DIGEST])
{
	bool found = false;

	for (u32 i = 0; i < a->ngood; i++)
		found |= !gnutls_memcmp(a->good[i], digest, DIGEST);
	return found;
}

static void remember(struct auth *a, const u8 digest[DIGEST])
{
	memcpy(a->good[a->next], digest, DIGEST);
	a->next = (a->next + 1) % REMEMBER_MAX;
	if (a->ngood < REMEMBER_MAX)
		a->ngood++;
}

static u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (u64)t.tv_sec * NS_PER_S + (u64)t.tv_nsec;
}

/* One bcrypt, paid for. */
static bool password_right(struct auth *a, const struct said *s, const char *hash, u64 now_ns)
{
	u64 begin = cpu_ns();
	const char *made = crypt_rn(s->password, hash, &a->crypt, sizeof(a->crypt));
	bool right = made && strlen(made) == BCRYPT_LEN && !gnutls_memcmp(made, hash, BCRYPT_LEN);

	explicit_bzero(&a->crypt, sizeof(a->crypt));
	if (a->spent_until_ns < now_ns)
		a->spent_until_ns = now_ns;
	a->spent_until_ns += (cpu_ns() - begin) * SHARE;
	return right;
}

enum auth_answer auth_check(struct auth *a, const struct web_config *c, const char *header,
			    u64 now_ns)
{
	const struct web_user *u;
	enum auth_answer answer;
	struct said s;
	u8 digest[DIGEST];

	if (!said_read(&s, header) || !digest_of(a, &s, digest)) {
		answer = AUTH_WRONG;
	} else if (remembered(a, digest)) {
		answer = AUTH_RIGHT;
	} else if (a->spent_until_ns > now_ns + AHEAD_NS) {
		answer = AUTH_BUSY;
	} else {
		u = user_find(c, s.text);
		/* the hash of someone else, for who does not exist */
		answer = password_right(a, &s, u ? u->hash : c->users[0].hash, now_ns) && u
				 ? AUTH_RIGHT
				 : AUTH_WRONG;
		if (answer == AUTH_RIGHT)
			remember(a, digest);
	}
	explicit_bzero(&s, sizeof(s));
	return answer;
}
