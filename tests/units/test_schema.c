/* SPDX-License-Identifier: BSD-2-Clause */
/* Both sides agree: the offsets in the BTF of the built BPF objects against user space's tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <bpf/btf.h>
#include <cmocka.h>

#include "event.h"

static const struct btf_member *find_member(const struct btf *btf, const struct btf_type *t,
					    const char *name)
{
	const struct btf_member *m = btf_members(t);

	for (int i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, m[i].name_off), name))
			return m + i;
	return NULL;
}

/* Every field of the kind lies where user space thinks. */
static void check_kind(const struct btf *btf, const struct kind *k)
{
	char name[64];
	s32 id;
	const struct btf_type *t;

	snprintf(name, sizeof(name), "ev_%s", k->id);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	assert_true(id > 0);
	t = btf__type_by_id(btf, id);
	assert_int_equal(t->size, k->size);
	assert_int_equal(btf_vlen(t), k->nfields + 1);
	for (unsigned int i = 0; i < k->nfields; i++) {
		const struct btf_member *m = find_member(btf, t, k->fields[i].name);

		assert_non_null(m);
		assert_int_equal(m->offset, k->fields[i].offset * 8);
		assert_int_equal(btf__resolve_size(btf, m->type), k->fields[i].size);
	}
}

static void test_offsets(void **state)
{
	struct btf *btf = btf__parse("build/live.bpf.o", NULL);

	(void)state;
	assert_non_null(btf);
	for (unsigned int n = 0; n < EV_KIND_MAX; n++)
		if (event_kind(n))
			check_kind(btf, event_kind(n));
	btf__free(btf);
}

/* Numbers, names and order of what was ever released; only ever appended to. */
static void test_numbers_stay(void **state)
{
	static const struct {
		unsigned int number;
		const char *id;
	} released[] = {
		{1, "fork"},	    {2, "thread"},	 {3, "exec"},	      {4, "exit"},
		{5, "headless"},    {6, "thread_exit"},	 {7, "wait"},	      {8, "free"},
		{9, "rename"},	    {10, "session"},	 {11, "signal"},      {12, "subreaper"},
		{20, "install"},    {21, "close"},	 {22, "close_range"}, {23, "cloexec"},
		{24, "pass"},	    {25, "fdtab"},	 {30, "socket"},      {31, "bind"},
		{32, "listen"},	    {33, "connect"},	 {34, "accept"},      {35, "state"},
		{36, "destroy"},    {37, "unix_bind"},	 {38, "use"},	      {50, "scan_begin"},
		{51, "scan_end"},   {52, "scan_task"},	 {53, "scan_fd"},     {54, "scan_sock"},
		{55, "scan_name"},  {56, "scan_queue"},	 {57, "scan_args"},   {58, "scan_miss"},
		{60, "clock"},	    {61, "tick"},	 {62, "lost"},	      {63, "cgroup"},
		{64, "source"},	    {65, "kept_begin"},	 {66, "kept_proc"},   {67, "kept_image"},
		{68, "kept_death"}, {69, "kept_tab"},	 {70, "kept_ref"},    {71, "kept_hold"},
		{72, "kept_sock"},  {73, "kept_name"},	 {74, "kept_origin"}, {75, "kept_due"},
		{76, "kept_sent"},  {77, "kept_cgroup"}, {78, "kept_end"},    {80, "zombie"},
		{81, "reap"},	    {82, "reparent"},	 {83, "transfer"},    {84, "leak"},
		{85, "resync"},	    {86, "gone"},	 {88, "scan_keeper"}, {89, "scan_cut"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(released); i++) {
		assert_non_null(event_kind(released[i].number));
		assert_string_equal(event_kind(released[i].number)->id, released[i].id);
	}
}

/* Every kind and field can be explained to a person. */
static void test_documented(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < EV_KIND_MAX; n++) {
		const struct kind *k = event_kind(n);

		if (!k)
			continue;
		assert_true(k->doc && k->doc[0]);
		for (unsigned int i = 0; i < k->nfields; i++)
			assert_true(k->fields[i].doc && k->fields[i].doc[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_numbers_stay),
		cmocka_unit_test(test_documented),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
