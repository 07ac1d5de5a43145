/* SPDX-License-Identifier: ISC */
/*
 * How often a second one process can wake another and be answered, with no ring and no work in between: what bounds a
 * device that sleeps until its event descriptor is written, one request at a time.
 *
 *     native_ping milliseconds=NUMBER [sleep]     sleep: also the one who asks sleeps until it is answered
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* As a device's process waits in its event loop. */
static void sleep_until_written(int event)
{
	struct pollfd look = {.fd = event, .events = POLLIN};
	eventfd_t count;

	while (ppoll(&look, 1, NULL, NULL) != 1 || eventfd_read(event, &count) != 0)
		;
}

/* The two system calls of a device that sleeps; and a third, where the one who asks does so, too. */
static _Noreturn void answer(int question, int reply, bool wake, _Atomic uint32_t *answers)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		sleep_until_written(question);
		atomic_fetch_add(answers, 1);
		if (wake)
			eventfd_write(reply, 1);
	}
}

int main(int argc, char **argv)
{
	uint64_t milliseconds =
		argc > 1 && strncmp(argv[1], "milliseconds=", 13) == 0 ? strtoull(argv[1] + 13, NULL, 10) : 1000;
	int question = eventfd(0, EFD_NONBLOCK), reply = eventfd(0, EFD_NONBLOCK);
	bool sleeps = argc > 2;
	_Atomic uint32_t *answers = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t asked = 0;

	if (question < 0 || reply < 0 || answers == MAP_FAILED)
		return perror("native_ping"), 1;
	pid_t child = fork();
	if (child < 0)
		return perror("fork"), 1;
	if (child == 0)
		answer(question, reply, sleeps, answers);
	uint64_t start = now(), time = start;
	for (; time - start < milliseconds * 1000000; time = now()) {
		eventfd_write(question, 1);
		asked++;
		if (sleeps)
			sleep_until_written(reply);
		while (atomic_load(answers) != asked)
			;
	}
	kill(child, SIGKILL);
	printf("requests %u nanoseconds %llu\n", asked, (unsigned long long)(time - start));
	return 0;
}
