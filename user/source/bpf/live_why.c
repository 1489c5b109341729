/* SPDX-License-Identifier: BSD-2-Clause */
/* Why BPF cannot be used here, in one sentence, with what to do about it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "live.h"
#include "live_priv.h"

int live_btf(void)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC), err = 0;
	u16 magic = 0;

	if (fd < 0)
		return -errno;
	if (read(fd, &magic, sizeof(magic)) != sizeof(magic) || magic != BTF_MAGIC)
		err = -ENOEXEC;
	close(fd);
	return err;
}

static bool file_has(const char *path, const char *word)
{
	char line[256] = "";
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = 0;
	fclose(f);
	return strstr(line, word);
}

/* Bit `cap` of the effective set. */
static bool have_cap(unsigned int cap)
{
	unsigned long long set = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "CapEff: %llx", &set) == 1)
			break;
	}
	if (f)
		fclose(f);
	return set >> cap & 1;
}

#define CAP_SYS_ADMIN_NR 21
#define CAP_PERFMON_NR	 38
#define CAP_BPF_NR	 39

static void why_refused(struct buf *err)
{
	bool admin = have_cap(CAP_SYS_ADMIN_NR);

	if (!admin && (!have_cap(CAP_BPF_NR) || !have_cap(CAP_PERFMON_NR)))
		buf_puts(err, "BPF is not permitted: run as root, or give CAP_BPF and CAP_PERFMON "
			      "(in a container: --cap-add BPF,PERFMON)");
	else if (file_has("/sys/kernel/security/lockdown", "[confidentiality]"))
		buf_puts(err, "the kernel is locked down (lockdown=confidentiality) and forbids to "
			      "read its memory: boot with lockdown=integrity");
	else
		buf_puts(err,
			 "the kernel refuses BPF although the capabilities are there: a seccomp "
			 "filter or a security module forbids bpf(); allow it for probate");
}

/* The last line of the verifier that says what it did not like. */
static void add_complaint(struct buf *err, const char *log)
{
	const char *end = log ? strstr(log, "\nprocessed ") : NULL, *start;

	while (end && end > log) {
		for (start = end; start > log && start[-1] != '\n'; start--)
			;
		if (end > start && strncmp(start, "verification time", 17) &&
		    strncmp(start, "stack depth", 11)) {
			buf_puts(err, " (");
			buf_add_safe(err, start, (size_t)(end - start), 160);
			buf_puts(err, ")");
			return;
		}
		end = start > log ? start - 1 : log;
	}
}

void live_why(struct buf *err, int error, const char *prog, const char *log)
{
	int btf = live_btf();

	if (btf) {
		if (btf == -ENOENT || btf == -ENOEXEC)
			buf_puts(err,
				 "the kernel has no BTF (/sys/kernel/btf/vmlinux): use a kernel "
				 "of 5.15 or newer built with CONFIG_DEBUG_INFO_BTF");
		else
			buf_printf(err, "/sys/kernel/btf/vmlinux cannot be read (%s): run as root",
				   strerror(-btf));
		return;
	}
	if (error == -EPERM || error == -EACCES) {
		if (!log || !strstr(log, "\nprocessed ")) {
			why_refused(err);
			return;
		}
	}
	if (error == -ENOMEM) {
		buf_puts(err,
			 "not enough memory for the ring buffer: make it smaller, or raise the "
			 "limit of locked memory (ulimit -l)");
		return;
	}
	buf_printf(err, "the kernel does not take %s: %s", prog ? prog : "BPF programs",
		   strerror(-error));
	add_complaint(err, log);
	buf_puts(err, "; BPF is used from Linux 5.15 on");
}
