/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket addresses as text and back: "0.0.0.0:80", "[::1]:80", "*" for what is not set, "{7.3}:*"
 * for the numbers of families without ports.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "event.h"
#include "put.h"

static char *put_octet(char *p, u8 v)
{
	if (v >= 100)
		*p++ = (char)('0' + v / 100);
	if (v >= 10)
		*p++ = (char)('0' + v / 10 % 10);
	*p++ = (char)('0' + v % 10);
	return p;
}

static char *put_ip(char *p, const struct ep *ep)
{
	if (ep->family == AF_INET) {
		for (int i = 0; i < 4; i++) {
			p = put_octet(p, ep->ip[i]);
			*p++ = '.';
		}
		return p - 1;
	}
	if (ep->family == AF_INET6) {
		*p++ = '[';
		inet_ntop(AF_INET6, ep->ip, p, INET6_ADDRSTRLEN);
		p += strlen(p);
		*p++ = ']';
		return p;
	}
	if (ep_is_numbers(ep)) {
		*p++ = '{';
		p = put_u64(p, ep_number(ep, 0));
		*p++ = '.';
		p = put_u64(p, ep_number(ep, 1));
		*p++ = '}';
		return p;
	}
	*p++ = '*';
	return p;
}

char *ep_put(char *p, const struct ep *ep)
{
	p = put_ip(p, ep);
	*p++ = ':';
	if (ep->port)
		return put_u64(p, ep->port);
	*p++ = '*';
	return p;
}

void ep_text(char out[64], const struct ep *ep)
{
	*ep_put(out, ep) = 0;
}

static bool numbers_parse(const char *s, struct ep *ep)
{
	u32 n[3] = {0, 0, 1};
	const char *dot = strchr(s, '.');
	u64 first, second;
	char part[2][16];
	size_t len = strlen(s), left = dot ? (size_t)(dot - s) : 0;

	if (!left || s[len - 1] != '}' || left > 11 || len - left - 2 > 10)
		return false;
	snprintf(part[0], sizeof(part[0]), "%.*s", (int)left - 1, s + 1);
	snprintf(part[1], sizeof(part[1]), "%.*s", (int)(len - left - 2), dot + 1);
	if (!parse_u64(part[0], UINT32_MAX, &first) || !parse_u64(part[1], UINT32_MAX, &second))
		return false;
	n[0] = (u32)first;
	n[1] = (u32)second;
	memcpy(ep->ip, n, sizeof(n));
	return true;
}

bool ep_parse(const char *s, size_t n, struct ep *ep)
{
	char ip[64], port[8];
	const char *colon = memrchr(s, ':', n);
	size_t len = colon ? (size_t)(colon - s) : 0;
	u64 number = 0;

	*ep = (struct ep){};
	if (!colon || !len || len >= sizeof(ip) || n - len - 1 >= sizeof(port))
		return false;
	memcpy(port, colon + 1, n - len - 1);
	port[n - len - 1] = 0;
	if (strcmp(port, "*") && !parse_u64(port, 65535, &number))
		return false;
	ep->port = number;
	memcpy(ip, s, len);
	ip[len] = 0;
	if (!strcmp(ip, "*"))
		return true;
	if (ip[0] == '{')
		return !number && numbers_parse(ip, ep);
	if (ip[0] != '[') {
		ep->family = AF_INET;
		return inet_pton(AF_INET, ip, ep->ip) == 1;
	}
	if (ip[len - 1] != ']')
		return false;
	ip[len - 1] = 0;
	ep->family = AF_INET6;
	return inet_pton(AF_INET6, ip + 1, ep->ip) == 1;
}
