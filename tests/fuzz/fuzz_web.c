// SPDX-License-Identifier: BSD-2-Clause
/* What the exporter reads of others: headers of requests, and its own configuration. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "web_priv.h"

/* A configuration is read from a file. */
static void read_config(const u8 *data, size_t n)
{
	struct web_config c = {};
	struct buf err = {};
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);

	MUST(fd >= 0 && write(fd, data, n) == (ssize_t)n, "no file");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (web_config_read(&c, path, &err))
		MUST(err.len, "nothing says what is wrong with it");
	web_config_free(&c);
	buf_free(&err);
	close(fd);
}

static void read_headers(const char *s)
{
	static char name[] = "alice";
	/* the cheapest hash there is */
	struct web_user alice = {
		.name = name,
		.hash = "$2b$04$AAAAAAAAAAAAAAAAAAAAAOuKVw3ZLRKZ9Lk4.Q3YmZb1Jd3a9S2s2"};
	struct web_config c = {.users = &alice, .nusers = 1};
	struct auth *a = auth_new(&c, -1);
	u32 gone;
	char host[HOST_MAX];
	u16 port;

	MUST(auth_ask(a, 0, s, NULL, 1, &gone) != AUTH_BUSY, "one question is not too many");
	target_foul(s);
	auth_free(a);
	accept_openmetrics(s);
	accept_gzip(s);
	MUST(!address_split(s, host, &port) || strlen(host) < HOST_MAX, "the host is cut");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t n)
{
	char *s = xmalloc(n + 1);

	memcpy(s, data, n);
	s[n] = 0;
	read_headers(s);
	read_config(data, n);
	free(s);
	return 0;
}
