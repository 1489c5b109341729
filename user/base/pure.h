/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Put before every file of model/ and verdict/ by the Makefile: they read no clock, no environment
 * and no file and print nothing, so that the same events give the same answers.
 */
#ifndef PROBATE_PURE_H
#define PROBATE_PURE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#pragma GCC poison clock_gettime gettimeofday time_boot_ns getenv secure_getenv
#pragma GCC poison fopen fdopen fclose fread fwrite fprintf vfprintf printf puts fputs putchar
#pragma GCC poison open openat warn

#endif
