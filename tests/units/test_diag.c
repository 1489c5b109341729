/* SPDX-License-Identifier: BSD-2-Clause */
/* What sock_diag lists against what the kernel counts, in a network namespace of its own. */
#include "feed.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "procfs_priv.h"

#define PAIRS 8

static void loopback_up(void)
{
	struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &r), 0);
	close(fd);
}

static u64 listed(void)
{
	struct buf cookies = {0};
	u64 n;

	assert_int_equal(diag_cookies(AF_INET, IPPROTO_TCP, &cookies), 0);
	n = cookies.len / sizeof(u64);
	buf_free(&cookies);
	return n;
}

/*
 * One end closes and the other does not: what closed is in FIN_WAIT2, which the kernel keeps in a
 * minisocket.  Those are in no count, so they prove nothing about a walk of sockets.
 */
static void test_minisockets_are_not_listed(void **state)
{
	const char *const tcp[2] = {"TCP", "TCPv6"};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int server, ours[PAIRS], theirs[PAIRS];

	(void)state;
	if (unshare(CLONE_NEWNET))
		skip();
	loopback_up();
	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(server, PAIRS), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&at, &len), 0);
	for (u32 i = 0; i < PAIRS; i++) {
		ours[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(ours[i], (struct sockaddr *)&at, sizeof(at)), 0);
		theirs[i] = accept(server, NULL, NULL);
		assert_true(theirs[i] >= 0);
	}
	assert_int_equal(listed(), 1 + 2 * PAIRS);
	for (u32 i = 0; i < PAIRS; i++) {
		char c;

		close(ours[i]);
		assert_int_equal(read(theirs[i], &c, 1), 0);
	}
	for (u32 i = 0; i < 20000 && proto_count(tcp) > 1 + PAIRS; i++)
		usleep(1000); /* a FIN may be acknowledged a little later */
	assert_int_equal(listed(), 1 + PAIRS);
	for (u32 i = 0; i < PAIRS; i++)
		close(theirs[i]);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_minisockets_are_not_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
