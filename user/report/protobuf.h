/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing protobuf: as much of the wire format as messages of our own making need. */
#ifndef PROBATE_PROTOBUF_H
#define PROBATE_PROTOBUF_H

#include "util.h"

void pb_uint(struct buf *b, u32 field,
	     u64 v); /* uint64, uint32, int64 (as two's complement), bool, enum */
void pb_fixed64(struct buf *b, u32 field, u64 v);
void pb_bytes(struct buf *b, u32 field, const void *p,
	      size_t n); /* bytes; string: p must be UTF-8 */
/* A message in a message: what is added between the two is its content. */
size_t pb_begin(struct buf *b, u32 field);
void pb_end(struct buf *b, size_t begun);

#endif
