/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few types of the kernel's BTF that an object is relocated against.
 *
 * To relocate, libbpf looks through all of the kernel's types once for each type the object uses:
 * 150,000 types, 0.8 ms apiece, 26 ms for the iterators.  One pass over them that keeps what has a
 * name the object uses takes 3 ms, and what is kept is searched in no time.
 *
 * Kept are structs, unions and enums by name and, by value, what they consist of.  A pointer is
 * kept as one to void: no relocation looks behind it.  Type numbers are new, so a relocation that
 * asks for the kernel's number of a type must not be used on an object loaded with this.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "smallbtf.h"

#define VMLINUX "/sys/kernel/btf/vmlinux"

struct small {
	const struct btf_header *in;
	const char *strings;	      /* of the kernel */
	const struct btf_type **type; /* by the kernel's number */
	u32 ntypes;
	u32 *number;		 /* the kernel's number -> ours, 0: not kept */
	struct buf queue;	 /* u32: the kernel's number of each of ours, in order */
	struct buf types, names; /* what is written */
	u32 pointer;		 /* our number of the pointer to void */
};

static u64 name_hash(const char *s)
{
	u64 h = 0xcbf29ce484222325ull;

	for (; *s; s++)
		h = (h ^ (u8)*s) * 0x100000001b3ull;
	return h;
}

static u32 type_kind(const struct btf_type *t)
{
	return BTF_INFO_KIND(t->info);
}

/* Bytes of a type's record; 0: a kind of the future. */
static size_t type_bytes(const struct btf_type *t)
{
	static const struct {
		u8 fixed, each;
	} size[] = {
		[BTF_KIND_INT] = {4, 0},
		[BTF_KIND_ARRAY] = {sizeof(struct btf_array), 0},
		[BTF_KIND_STRUCT] = {0, sizeof(struct btf_member)},
		[BTF_KIND_UNION] = {0, sizeof(struct btf_member)},
		[BTF_KIND_ENUM] = {0, sizeof(struct btf_enum)},
		[BTF_KIND_FUNC_PROTO] = {0, sizeof(struct btf_param)},
		[BTF_KIND_VAR] = {sizeof(struct btf_var), 0},
		[BTF_KIND_DATASEC] = {0, sizeof(struct btf_var_secinfo)},
		[BTF_KIND_DECL_TAG] = {sizeof(struct btf_decl_tag), 0},
		[BTF_KIND_TYPE_TAG] = {0, 0},
		[BTF_KIND_ENUM64] = {0, sizeof(struct btf_enum64)},
	};
	u32 kind = type_kind(t);

	if (!kind || kind >= ARRAY_SIZE(size))
		return 0;
	return sizeof(*t) + size[kind].fixed + (size_t)size[kind].each * BTF_INFO_VLEN(t->info);
}

/* Number all types of the kernel. */
static int types_index(struct small *s)
{
	const char *at = (const char *)s->in + s->in->hdr_len + s->in->type_off;
	const char *end = at + s->in->type_len;
	u32 room = 0;

	s->strings = (const char *)s->in + s->in->hdr_len + s->in->str_off;
	for (s->ntypes = 1; at < end; s->ntypes++) {
		const struct btf_type *t = (const void *)at;
		size_t n = type_bytes(t);

		if (!n)
			return -EOPNOTSUPP;
		if (s->ntypes >= room) {
			room = room ? room * 2 : 1u << 18;
			s->type = xrealloc(s->type, room * sizeof(*s->type));
		}
		s->type[s->ntypes] = t;
		at += n;
	}
	s->number = xcalloc(s->ntypes, sizeof(*s->number));
	return 0;
}

static bool kind_is_named(u32 kind)
{
	return kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION || kind == BTF_KIND_ENUM ||
	       kind == BTF_KIND_ENUM64;
}

/* Names of the object's types; what stands behind "___" only tells versions apart. */
static void names_collect(struct map *names, const struct btf *object)
{
	u32 n = btf__type_cnt(object);
	char base[128];

	for (u32 i = 1; i < n; i++) {
		const struct btf_type *t = btf__type_by_id(object, i);
		const char *name = btf__name_by_offset(object, t->name_off);

		if (!name[0] || !(kind_is_named(type_kind(t)) || type_kind(t) == BTF_KIND_FWD))
			continue;
		snprintf(base, sizeof(base), "%s", name);
		char *flavour = strstr(base, "___");
		if (flavour)
			*flavour = '\0';
		map_put(names, name_hash(base), 1);
	}
}

/* Our number of one of the kernel's types; it is kept from now on. */
static u32 type_keep(struct small *s, u32 id)
{
	if (!id || id >= s->ntypes)
		return 0;
	if (type_kind(s->type[id]) == BTF_KIND_PTR && s->pointer)
		return s->pointer;
	if (!s->number[id]) {
		buf_add(&s->queue, &id, sizeof(id));
		s->number[id] = (u32)(s->queue.len / sizeof(id));
		if (type_kind(s->type[id]) == BTF_KIND_PTR)
			s->pointer = s->number[id];
	}
	return s->number[id];
}

static u32 name_keep(struct small *s, u32 offset)
{
	const char *name = s->strings + offset;
	u32 at = (u32)s->names.len;

	if (!offset)
		return 0;
	buf_add(&s->names, name, strlen(name) + 1);
	return at;
}

static void members_keep(struct small *s, struct btf_type *t)
{
	struct btf_member *m = (void *)(t + 1);

	for (u32 i = 0; i < BTF_INFO_VLEN(t->info); i++) {
		m[i].name_off = name_keep(s, m[i].name_off);
		m[i].type = type_keep(s, m[i].type);
	}
}

static void values_keep(struct small *s, struct btf_type *t)
{
	bool wide = type_kind(t) == BTF_KIND_ENUM64;
	size_t each = wide ? sizeof(struct btf_enum64) : sizeof(struct btf_enum);
	char *at = (char *)(t + 1);

	for (u32 i = 0; i < BTF_INFO_VLEN(t->info); i++, at += each) {
		u32 *name = (u32 *)at; /* comes first in both */
		*name = name_keep(s, *name);
	}
}

/* Write the record of a kept type, with our numbers for what it refers to. */
static void type_write(struct small *s, u32 id)
{
	size_t at = s->types.len;
	struct btf_array *a;
	struct btf_type *t;

	buf_add(&s->types, s->type[id], type_bytes(s->type[id]));
	t = (void *)(s->types.s +
		     at); /* stays: what follows adds to the names and the queue only */
	a = (void *)(t + 1);
	t->name_off = name_keep(s, t->name_off);
	switch (type_kind(t)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		members_keep(s, t);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		values_keep(s, t);
		break;
	case BTF_KIND_ARRAY:
		a->type = type_keep(s, a->type);
		a->index_type = type_keep(s, a->index_type);
		break;
	case BTF_KIND_PTR:
		t->type = 0;
		break;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		t->type = type_keep(s, t->type);
		break;
	default: /* nothing in it refers to a type by value */
		break;
	}
}

static void types_choose(struct small *s, const struct btf *object, const char *const *names, u32 n,
			 u32 *ids)
{
	struct map wanted = {0};

	names_collect(&wanted, object);
	if (n)
		memset(ids, 0, n * sizeof(*ids));
	for (u32 id = 1; id < s->ntypes; id++) {
		const struct btf_type *t = s->type[id];
		const char *name = s->strings + t->name_off;

		if (!t->name_off || !kind_is_named(type_kind(t)) ||
		    !map_get(&wanted, name_hash(name)))
			continue;
		type_keep(s, id);
		for (u32 i = 0; i < n && type_kind(t) == BTF_KIND_STRUCT; i++)
			if (!strcmp(name, names[i]))
				ids[i] = id;
	}
	map_free(&wanted);
	buf_add(&s->names, "", 1);
	for (u32 i = 0; i < s->queue.len / sizeof(u32); i++)
		type_write(s, ((const u32 *)s->queue.s)[i]);
}

static int memfd_write(const struct small *s)
{
	struct btf_header h = {.magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(h)};
	int fd = memfd_create("probate-btf", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	h.type_len = (u32)s->types.len;
	h.str_off = h.type_len;
	h.str_len = (u32)s->names.len;
	if (write(fd, &h, sizeof(h)) != sizeof(h) ||
	    write(fd, s->types.s, s->types.len) != (ssize_t)s->types.len ||
	    write(fd, s->names.s, s->names.len) != (ssize_t)s->names.len) {
		close(fd);
		return -EIO;
	}
	return fd;
}

/* The kernel's BTF: mapped (6.16), else read.  *size is that of the mapping, 0: to be freed. */
static void *vmlinux_open(size_t *size)
{
	int fd = open(VMLINUX, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *at = NULL;
	size_t have = 0;
	ssize_t n = 1;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && st.st_size > (off_t)sizeof(struct btf_header)) {
		at = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
		*size = at == MAP_FAILED ? 0 : (size_t)st.st_size;
		if (!*size) {
			at = xmalloc(st.st_size);
			while (have < (size_t)st.st_size && n > 0) {
				n = read(fd, at + have, st.st_size - have);
				have += n > 0 ? n : 0;
			}
		}
	}
	close(fd);
	return at;
}

int smallbtf_make(const struct btf *object, const char *const *names, u32 n, u32 *ids)
{
	struct small s = {0};
	size_t size;
	void *in = vmlinux_open(&size);
	int fd;

	if (!in)
		return -ENOENT;
	s.in = in;
	fd = s.in->magic == BTF_MAGIC ? types_index(&s) : -EINVAL;
	if (!fd) {
		types_choose(&s, object, names, n, ids);
		fd = memfd_write(&s);
	}
	if (size)
		munmap(in, size);
	else
		free(in);
	free(s.type);
	free(s.number);
	buf_free(&s.queue);
	buf_free(&s.types);
	buf_free(&s.names);
	return fd;
}
