/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of sockets of families and types without ports, as ss has them. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "words.h"

/* As ss calls them; others by number. */
static const char *const netlink_names[] = {
	[0] = "rtnl",	     [2] = "usersock",	 [3] = "fw",	     [4] = "tcpdiag",
	[5] = "nflog",	     [6] = "xfrm",	 [7] = "selinux",    [8] = "iscsi",
	[9] = "audit",	     [10] = "fiblookup", [11] = "connector", [12] = "nft",
	[13] = "ip6fw",	     [14] = "dec-rt",	 [15] = "uevent",    [16] = "genl",
	[18] = "scsi-trans", [19] = "ecryptfs",	 [20] = "rdma",	     [21] = "crypto",
};

/* Protocols of IP that people know by name. */
static const char *ip_name(u32 protocol)
{
	static const struct {
		u32 nr;
		const char *name;
	} names[] = {
		{1, "icmp"},  {2, "igmp"},  {6, "tcp"},	   {17, "udp"},
		{47, "gre"},  {50, "esp"},  {51, "ah"},	   {58, "icmp6"},
		{89, "ospf"}, {103, "pim"}, {112, "vrrp"}, {132, "sctp"},
	};

	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].nr == protocol)
			return names[i].name;
	return NULL;
}

static void name_or_number(char out[32], const char *name, u32 number)
{
	if (name || number == PROTOCOL_UNKNOWN)
		snprintf(out, 32, "%s", name ? name : "?");
	else
		snprintf(out, 32, "%u", number);
}

/* Ethernet protocols of a packet socket: 3 is every one, 0 none yet. */
static void ether_text(char out[32], u32 protocol)
{
	name_or_number(out,
		       protocol == 3	    ? "*"
		       : protocol == 0x0800 ? "ip"
		       : protocol == 0x0806 ? "arp"
		       : protocol == 0x86dd ? "ipv6"
					    : NULL,
		       protocol);
}

bool text_portless(char out[64], u32 proto, const struct ep *local)
{
	const u32 protocol = PROTO_PROTOCOL(proto), first = ep_number(local, 0);
	const u32 second = ep_number(local, 1);
	char what[32];

	switch (PROTO_FAMILY(proto)) {
	case AF_NETLINK:
		name_or_number(
			what, protocol < ARRAY_SIZE(netlink_names) ? netlink_names[protocol] : NULL,
			protocol);
		snprintf(out, 64, ep_is_numbers(local) ? "%s:%u" : "%s:*", what, first);
		return true;
	case AF_PACKET:
		ether_text(what, second);
		snprintf(out, 64, first ? "%s:if%u" : "%s:*", what, first);
		return ep_is_numbers(local);
	case AF_VSOCK:
		snprintf(out, 64, second == ~0u ? "*:%u" : "%2$u:%1$u", first, second);
		return ep_is_numbers(local);
	case AF_INET:
	case AF_INET6:
		name_or_number(what, ip_name(protocol), protocol);
		snprintf(out, 64, "*:%s", what);
		return PROTO_TYPE(proto) == SOCK_RAW;
	default:
		return false;
	}
}

static const char *const kinds[] = {"netlink", "packet", "raw", "vsock", "xdp"};

void text_portless_more(struct out *o, const struct model *m)
{
	u32 count[ARRAY_SIZE(kinds) + 1] = {0}, all = 0;
	struct buf b = {0};

	for (u32 id = sock_next(m, 0), i; id; id = sock_next(m, id)) {
		const struct sock *s = sock_at(m, id);

		if (!sock_is_portless(s))
			continue;
		for (i = 0; i < ARRAY_SIZE(kinds); i++)
			if (!strcmp(name_proto(s->proto), kinds[i]))
				break;
		count[i]++;
		all++;
	}
	if (!all)
		return;
	buf_printf(&b, "%u more without a port:", all);
	for (u32 i = 0, told = 0; i <= ARRAY_SIZE(kinds); i++)
		if (count[i])
			buf_printf(&b, "%s %u %s", told++ ? "," : "", count[i],
				   i < ARRAY_SIZE(kinds) ? kinds[i] : "others");
	buf_puts(&b, "; `probate ports --all` lists them.");
	out_wrap(o, 0, b.s);
	buf_free(&b);
}
