// SPDX-License-Identifier: BSD-2-Clause
/*
 * Passwords: basic authentication against bcrypt hashes.
 *
 * A bcrypt takes tens of milliseconds by design, so that it is done rarely, by one thread, and by
 * turns (web_bcrypt.c).  What was right is remembered, and so is what was wrong lately, by a keyed
 * hash of all that was said: neither costs a bcrypt again.  Everything else waits for its turn.
 *
 * Whose turn it is: of those who wait, one whose account owes least, by lot where several do.  An
 * account is an address (of IPv6 its /64) and a user of the configuration; all names that are no
 * users are one.  It pays for wrong passwords alone, and what it owes is forgiven with time.  So a
 * flood of wrong passwords keeps nobody out: from another address, or for another user, the right
 * one is next; with both the same it has its lot in each turn.  What was asked is computed even
 * when the client has gone meanwhile, so that who asks again is known.
 *
 * All turns together take a quarter of one core.  When too many wait, who owes most is told to ask
 * again.  A user who does not exist costs the same as a wrong password.
 */
#include <gnutls/crypto.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>

#include "web_priv.h"

#define DIGEST	     32
#define REMEMBER_MAX 64
#define ACCOUNTS     256
#define SHARE	     4		    /* a bcrypt is followed by so many times its own rest */
#define AHEAD_NS     (2 * NS_PER_S) /* of the budget: several clients may begin at once */
#define NO_SLOT	     UINT32_MAX

/* What a client said: "NAME\0PASSWORD\0". */
struct said {
	char text[SAID_MAX + 1];
	const char *password;
	size_t len;
};

struct account {
	u8 net[16]; /* IPv4 as ::ffff:a.b.c.d, IPv6 without its last 64 bits */
	u32 user;
	u64 until_ns; /* by then what it owes is forgiven */
};

struct waiting {
	bool used;
	u32 slot; /* of the connection; NO_SLOT: it is gone */
	struct said said;
	u8 digest[DIGEST];
	struct account who;
};

struct digests {
	u8 v[REMEMBER_MAX][DIGEST];
	u32 n, next;
};

struct auth {
	const struct web_config *config;
	u8 key[DIGEST];
	struct digests right, wrong;
	struct account accounts[ACCOUNTS]; /* the one that owes least makes room */
	struct waiting waits[AUTH_WAITS_MAX];
	struct waiting *turn; /* whose bcrypt is under way */
	u64 until_ns;	      /* what all turns together have spent */
	struct bcrypt *bcrypt;
};

struct auth *auth_new(const struct web_config *c, int wake_fd)
{
	struct auth *a = xcalloc(1, sizeof(*a));

	a->config = c;
	a->bcrypt = bcrypt_new(wake_fd);
	if (gnutls_rnd(GNUTLS_RND_KEY, a->key, sizeof(a->key)))
		die(EXIT_CANNOT, "no random numbers");
	return a;
}

int auth_start(struct auth *a)
{
	return bcrypt_start(a->bcrypt);
}

void auth_free(struct auth *a)
{
	if (!a)
		return;
	bcrypt_free(a->bcrypt);
	explicit_bzero(a, sizeof(*a));
	free(a);
}

/* ---- what was said ----------------------------------------------------------------------- */

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

/* Its number; that of nobody: all who are no users. */
static u32 user_find(const struct web_config *c, const char *name)
{
	u32 found = c->nusers;

	for (u32 i = 0; i < c->nusers; i++)
		if (!strcmp(c->users[i].name, name))
			found = i;
	return found;
}

/* Hashes never change while we run: name and password say it all. */
static bool digest_of(const struct auth *a, const struct said *s, u8 digest[DIGEST])
{
	return !gnutls_hmac_fast(GNUTLS_MAC_SHA256, a->key, sizeof(a->key), s->text, s->len,
				 digest);
}

static bool digest_known(const struct digests *d, const u8 digest[DIGEST])
{
	bool found = false;

	for (u32 i = 0; i < d->n; i++)
		found |= !gnutls_memcmp(d->v[i], digest, DIGEST);
	return found;
}

static void digest_remember(struct digests *d, const u8 digest[DIGEST])
{
	memcpy(d->v[d->next], digest, DIGEST);
	d->next = (d->next + 1) % REMEMBER_MAX;
	if (d->n < REMEMBER_MAX)
		d->n++;
}

/* ---- accounts ---------------------------------------------------------------------------- */

static void account_net(struct account *who, const struct sockaddr *from)
{
	const struct sockaddr_in *v4 = (const void *)from;
	const struct sockaddr_in6 *v6 = (const void *)from;

	if (from && from->sa_family == AF_INET) {
		who->net[10] = who->net[11] = 0xff;
		memcpy(who->net + 12, &v4->sin_addr, 4);
	} else if (from && from->sa_family == AF_INET6) {
		memcpy(who->net, &v6->sin6_addr, IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? 16 : 8);
	}
}

static u64 owed(u64 until_ns, u64 now_ns)
{
	return until_ns > now_ns ? until_ns - now_ns : 0;
}

static struct account *account_find(struct auth *a, const struct account *who)
{
	for (u32 i = 0; i < ACCOUNTS; i++)
		if (a->accounts[i].until_ns && a->accounts[i].user == who->user &&
		    !memcmp(a->accounts[i].net, who->net, sizeof(who->net)))
			return &a->accounts[i];
	return NULL;
}

static u64 account_owes(struct auth *a, const struct account *who, u64 now_ns)
{
	const struct account *there = account_find(a, who);

	return there ? owed(there->until_ns, now_ns) : 0;
}

static void account_pays(struct auth *a, const struct account *who, u64 cost_ns, u64 now_ns)
{
	struct account *to = account_find(a, who);

	if (!to) {
		to = a->accounts;
		for (u32 i = 1; i < ACCOUNTS; i++)
			if (a->accounts[i].until_ns < to->until_ns)
				to = &a->accounts[i];
		*to = *who;
	}
	to->until_ns = now_ns + owed(to->until_ns, now_ns) + cost_ns * SHARE;
}

/* ---- who waits --------------------------------------------------------------------------- */

/* Of those who wait (but for the one whose turn it is) one that owes most or least, by lot. */
static struct waiting *waiting_pick(struct auth *a, bool most, u64 now_ns)
{
	struct waiting *best = NULL;
	u64 best_owes = 0;
	u32 equal = 0, lot[AUTH_WAITS_MAX];

	if (gnutls_rnd(GNUTLS_RND_NONCE, lot, sizeof(lot)))
		die(EXIT_CANNOT, "no random numbers");
	for (u32 i = 0; i < AUTH_WAITS_MAX; i++) {
		struct waiting *w = &a->waits[i];
		u64 owes;

		if (!w->used || w == a->turn)
			continue;
		owes = account_owes(a, &w->who, now_ns);
		if (!best || (owes != best_owes && (owes > best_owes) == most)) {
			best = w;
			best_owes = owes;
			equal = 1;
		} else if (owes == best_owes && lot[i] % ++equal == 0) {
			best = w;
		}
	}
	return best;
}

static struct waiting *waiting_free(struct auth *a)
{
	for (u32 i = 0; i < AUTH_WAITS_MAX; i++)
		if (!a->waits[i].used)
			return &a->waits[i];
	return NULL;
}

static void waiting_end(struct waiting *w)
{
	explicit_bzero(w, sizeof(*w));
}

enum auth_answer auth_ask(struct auth *a, u32 slot, const char *header, const struct sockaddr *from,
			  u64 now_ns, u32 *gone)
{
	struct waiting new = {.used = true, .slot = slot}, *at;
	enum auth_answer answer = AUTH_WAIT;

	*gone = NO_SLOT;
	if (!said_read(&new.said, header) || !digest_of(a, &new.said, new.digest) ||
	    digest_known(&a->wrong, new.digest)) {
		answer = AUTH_WRONG;
	} else if (digest_known(&a->right, new.digest)) {
		answer = AUTH_RIGHT;
	} else {
		new.who.user = user_find(a->config, new.said.text);
		account_net(&new.who, from);
		at = waiting_free(a);
		if (!at) {
			at = waiting_pick(a, true, now_ns);
			if (account_owes(a, &new.who, now_ns) > account_owes(a, &at->who, now_ns)) {
				answer = AUTH_BUSY;
			} else {
				*gone = at->slot;
				waiting_end(at);
			}
		}
		if (answer == AUTH_WAIT) {
			*at = new;
			at->said.password = at->said.text + (new.said.password - new.said.text);
		}
	}
	explicit_bzero(&new, sizeof(new));
	return answer;
}

void auth_leave(struct auth *a, u32 slot)
{
	for (u32 i = 0; i < AUTH_WAITS_MAX; i++)
		if (a->waits[i].used && a->waits[i].slot == slot)
			a->waits[i].slot = NO_SLOT;
}

/* ---- turns ------------------------------------------------------------------------------- */

static void turn_begin(struct auth *a, u64 now_ns)
{
	const struct web_config *c = a->config;
	u32 user;

	if (a->turn || a->until_ns > now_ns + AHEAD_NS)
		return;
	a->turn = waiting_pick(a, false, now_ns);
	if (!a->turn)
		return;
	user = a->turn->who.user;
	/* the hash of someone else, for who does not exist */
	bcrypt_begin(a->bcrypt, a->turn->said.password, c->users[user < c->nusers ? user : 0].hash);
}

/* The bcrypt under way, if it is done: paid for, remembered. */
static bool turn_end(struct auth *a, u64 now_ns, u32 *slot, enum auth_answer *answer)
{
	struct waiting *w = a->turn;
	u64 cost_ns;
	bool right;

	if (!w || !bcrypt_done(a->bcrypt, &right, &cost_ns))
		return false;
	right &= w->who.user < a->config->nusers;
	digest_remember(right ? &a->right : &a->wrong, w->digest);
	if (!right)
		account_pays(a, &w->who, cost_ns, now_ns);
	a->until_ns = now_ns + owed(a->until_ns, now_ns) + cost_ns * SHARE;
	*slot = w->slot;
	*answer = right ? AUTH_RIGHT : AUTH_WRONG;
	waiting_end(w);
	a->turn = NULL;
	return true;
}

bool auth_turn(struct auth *a, u64 now_ns, u32 *slot, enum auth_answer *answer)
{
	bool done = turn_end(a, now_ns, slot, answer);

	turn_begin(a, now_ns);
	return done;
}

u64 auth_next_ns(const struct auth *a)
{
	if (!a->turn)
		for (u32 i = 0; i < AUTH_WAITS_MAX; i++)
			if (a->waits[i].used)
				return a->until_ns > AHEAD_NS ? a->until_ns - AHEAD_NS : 0;
	return UINT64_MAX;
}
