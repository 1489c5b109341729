/*
 * tiny: the smallest program worth spawning; it ends at once with code 0.
 *
 * Linked with -static -Wl,-e,tiny_start it skips libc's start, which asks cpuid dozens of times:
 * under a hypervisor that costs more than fork, exec and exit together, which are to be measured.
 */
#include <unistd.h>

__attribute__((noreturn)) void tiny_start(void);

void tiny_start(void)
{
	_exit(0);
}

int main(void)
{
	return 0;
}
