// SPDX-License-Identifier: BSD-2-Clause
/*
 * The thread that computes bcrypts: one at a time, so that pages go out meanwhile.
 *
 * Without bcrypt_start() they are computed by the caller, at once.
 */
#include <crypt.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "web_priv.h"

enum bcrypt_state { BCRYPT_IDLE, BCRYPT_ASKED, BCRYPT_DONE };

struct bcrypt {
	int wake_fd;
	bool started;
	pthread_t thread;
	pthread_mutex_t lock; /* of the state and the end */
	pthread_cond_t asked;
	enum bcrypt_state state;
	bool stop;

	/* whose turn it is says the state */
	char password[SAID_MAX + 1], hash[BCRYPT_LEN + 1];
	bool right;
	u64 cost_ns;
	struct crypt_data crypt;
};

struct bcrypt *bcrypt_new(int wake_fd)
{
	struct bcrypt *b = xcalloc(1, sizeof(*b));

	b->wake_fd = wake_fd;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->asked, NULL);
	return b;
}

static u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (u64)t.tv_sec * NS_PER_S + (u64)t.tv_nsec;
}

static void compute(struct bcrypt *b)
{
	u64 begin = cpu_ns();
	const char *made = crypt_rn(b->password, b->hash, &b->crypt, sizeof(b->crypt));

	b->right = made && strlen(made) == BCRYPT_LEN && !gnutls_memcmp(made, b->hash, BCRYPT_LEN);
	explicit_bzero(&b->crypt, sizeof(b->crypt));
	explicit_bzero(b->password, sizeof(b->password));
	b->cost_ns = cpu_ns() - begin;
}

static void *bcrypt_main(void *arg)
{
	struct bcrypt *b = arg;
	const u64 one = 1;

	prctl(PR_SET_NAME, "probate-bcrypt");
	pthread_mutex_lock(&b->lock);
	while (!b->stop) {
		if (b->state != BCRYPT_ASKED) {
			pthread_cond_wait(&b->asked, &b->lock);
			continue;
		}
		pthread_mutex_unlock(&b->lock);
		compute(b);
		pthread_mutex_lock(&b->lock);
		b->state = BCRYPT_DONE;
		if (!b->stop && write(b->wake_fd, &one, sizeof(one)) < 0)
			assert(!"an eventfd has room");
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

int bcrypt_start(struct bcrypt *b)
{
	int e = pthread_create(&b->thread, NULL, bcrypt_main, b);

	b->started = !e;
	return -e;
}

/*
 * A bcrypt may take two seconds, and nobody waits for it at the end: the thread ends by itself, or
 * with the program, and what it works on stays its own.
 */
void bcrypt_free(struct bcrypt *b)
{
	bool busy;

	pthread_mutex_lock(&b->lock);
	b->stop = true;
	busy = b->started && b->state == BCRYPT_ASKED;
	pthread_cond_signal(&b->asked);
	pthread_mutex_unlock(&b->lock);
	if (busy) {
		pthread_detach(b->thread);
		return;
	}
	if (b->started)
		pthread_join(b->thread, NULL);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->asked);
	free(b);
}

void bcrypt_begin(struct bcrypt *b, const char *password, const char *hash)
{
	pthread_mutex_lock(&b->lock);
	snprintf(b->password, sizeof(b->password), "%s", password);
	snprintf(b->hash, sizeof(b->hash), "%s", hash);
	b->state = b->started ? BCRYPT_ASKED : BCRYPT_DONE;
	if (b->started)
		pthread_cond_signal(&b->asked);
	else
		compute(b);
	pthread_mutex_unlock(&b->lock);
}

bool bcrypt_done(struct bcrypt *b, bool *right, u64 *cost_ns)
{
	bool done;

	pthread_mutex_lock(&b->lock);
	done = b->state == BCRYPT_DONE;
	if (done) {
		*right = b->right;
		*cost_ns = b->cost_ns;
		b->state = BCRYPT_IDLE;
	}
	pthread_mutex_unlock(&b->lock);
	return done;
}
