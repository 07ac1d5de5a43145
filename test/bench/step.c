/* SPDX-License-Identifier: ISC */
/*
 * Counts the instructions in a file, such as a shared object, that a thread of another process executes, one by one:
 * what valgrind does, with all instructions that the processor has, but far slower. A turn is from where the thread
 * enters the file until it comes there again. The first ones are not counted, since everybody else went on while the
 * thread stood. Who asks can look at what it did: it stands before and after, until a line comes from standard input.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define AREAS 8

struct area {
	uint64_t start, end;
};

/* Where the instructions of the file whose name contains NAME are in THREAD: how many areas, of AREAS. */
static unsigned find_areas(pid_t thread, const char *name, struct area *areas)
{
	char path[32], line[512], kind[5];
	unsigned found = 0;
	FILE *maps;

	snprintf(path, sizeof path, "/proc/%d/maps", (int)thread);
	maps = fopen(path, "r");
	while (maps && found < AREAS && fgets(line, sizeof line, maps)) {
		struct area *area = &areas[found];
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &area->start, &area->end, kind) == 3)
			found += kind[2] == 'x' && strstr(line, name);
	}
	if (maps)
		fclose(maps);
	return found;
}

static int await_stop(pid_t thread)
{
	int status;

	if (waitpid(thread, &status, __WALL) < 0)
		return -1;
	return WIFSTOPPED(status) ? 0 : (errno = ESRCH, -1);
}

static int attach(pid_t thread)
{
	if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) || ptrace(PTRACE_INTERRUPT, thread, NULL, NULL))
		return -1;
	return await_stop(thread);
}

/* What a thread does. */
struct walk {
	pid_t thread;
	unsigned number; /* of areas */
	struct area areas[AREAS];
	uint64_t at; /* the next instruction */
	bool inside; /* whether it is in the areas */
};

static void look(struct walk *walk)
{
	walk->at = (uint64_t)ptrace(PTRACE_PEEKUSER, walk->thread, offsetof(struct user, regs.rip), NULL);
	walk->inside = false;
	for (unsigned i = 0; i < walk->number; i++)
		walk->inside |= walk->at >= walk->areas[i].start && walk->at < walk->areas[i].end;
}

static int step(struct walk *walk)
{
	if (ptrace(PTRACE_SINGLESTEP, walk->thread, NULL, NULL) || await_stop(walk->thread))
		return -1;
	look(walk);
	return 0;
}

/* To where the areas are called from outside. */
static int enter(struct walk *walk)
{
	int result = 0;

	for (look(walk); walk->inside && result == 0; result = step(walk))
		;
	while (!walk->inside && result == 0)
		result = step(walk);
	return result;
}

/* COUNT turns: each until the thread comes where it is now. How many instructions are inside, or -1. */
static int64_t go_round(struct walk *walk, unsigned count)
{
	uint64_t start = walk->at;
	int64_t inside = 0;

	for (unsigned turns = 0; turns < count; turns += walk->at == start) {
		inside += walk->inside;
		if (step(walk))
			return -1;
	}
	return inside;
}

/* Tell that we are there, and wait for a line. */
static void say(const char *word, int64_t number)
{
	printf("%s %" PRId64 "\n", word, number);
	fflush(stdout);
	for (int c = getchar(); c != '\n' && c != EOF; c = getchar())
		;
}

int main(int count, char **words)
{
	struct walk walk = {.thread = count == 5 ? atoi(words[1]) : 0};
	int64_t inside = -1;

	if (walk.thread)
		walk.number = find_areas(walk.thread, words[2], walk.areas);
	if (!walk.number)
		return fprintf(stderr, "step: THREAD NAME-OF-A-FILE-IN-IT TURNS-BEFORE TURNS-TO-COUNT\n"), 2;
	if (attach(walk.thread))
		return perror("step: cannot stop the thread"), 1;
	if (enter(&walk))
		return perror("step: the thread does not go on"), 1;
	say("stopped", walk.thread);
	if (go_round(&walk, (unsigned)atoi(words[3])) >= 0)
		inside = go_round(&walk, (unsigned)atoi(words[4]));
	if (inside < 0)
		return perror("step: the thread does not go on"), 1;
	say("inside", inside);
	return ptrace(PTRACE_DETACH, walk.thread, NULL, NULL) ? 1 : 0;
}
