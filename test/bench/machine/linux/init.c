/* SPDX-License-Identifier: ISC */
/*
 * The only program of a Linux guest: tools/bench machine packs it and the modules it needs into an initramfs. It loads
 * the modules in the order of their names, and then does what the lines on its console say:
 *
 *     blk depth=NUMBER milliseconds=NUMBER [size=BYTES] [second] [poll]
 *                      reads of 4 KiB, or so many, from a disk; poll: of a queue for it
 *     udp [poll]       send back datagrams until the next line; poll: never sleep
 *     frames [poll]    send back Ethernet frames, to and from a packet socket, until the next line
 */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS 8u

static _Noreturn void switch_off(void)
{
	fflush(stdout);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

void give_up(const char *what)
{
	printf("failed: %s: %s\n", what, strerror(errno));
	switch_off();
}

bool has_word(char **words, const char *name)
{
	for (; *words; words++)
		if (strcmp(*words, name) == 0)
			return true;
	return false;
}

uint64_t number_of(char **words, const char *name, uint64_t otherwise)
{
	size_t length = strlen(name);

	for (; *words; words++)
		if (strncmp(*words, name, length) == 0 && (*words)[length] == '=')
			return strtoull(*words + length + 1, NULL, 10);
	return otherwise;
}

bool write_text(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	if (file < 0)
		return false;
	bool written = write(file, text, strlen(text)) == (ssize_t)strlen(text);
	close(file);
	return written;
}

uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The kernel starts us without a console where its initramfs has no device node for one. */
static void open_console(void)
{
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	int console = open("/dev/console", O_RDWR);
	for (int i = 0; i < 3 && console >= 0; i++)
		dup2(console, i);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/* One of the disk's queues is for polling. */
static const char *parameters(const char *path)
{
	return strstr(path, "virtio_blk") ? "poll_queues=1" : "";
}

static void load_modules(void)
{
	glob_t found;

	if (glob("/modules/*", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		int file = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		if (file < 0 || syscall(SYS_finit_module, file, parameters(found.gl_pathv[i]), 0) < 0)
			give_up(found.gl_pathv[i]);
		close(file);
	}
	globfree(&found);
}

/* Cut LINE into words. */
static void cut(char *line, char *words[WORDS + 1])
{
	unsigned count = 0;

	for (char *word = strtok(line, " \r\n"); word && count < WORDS; word = strtok(NULL, " \r\n"))
		words[count++] = word;
	words[count] = NULL;
}

/* An echo is a process of its own: it goes on while the next line is awaited. */
static pid_t start_echo(void (*echo)(char **words), char **words)
{
	pid_t child = fork();

	if (child == 0) {
		echo(words);
		_exit(0);
	}
	return child;
}

static void stop_echo(pid_t child)
{
	if (child <= 0)
		return;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

int main(void)
{
	char line[128], *words[WORDS + 1];
	pid_t echo = 0;

	open_console();
	printf("started\n");
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	load_modules();
	start_interface();
	echo = start_echo(echo_datagrams, (char *[]){NULL});
	while (fgets(line, sizeof line, stdin)) {
		stop_echo(echo);
		echo = 0;
		cut(line, words);
		if (has_word(words, "blk"))
			read_disk(words);
		else if (has_word(words, "udp"))
			echo = start_echo(echo_datagrams, words);
		else if (has_word(words, "frames"))
			echo = start_echo(echo_frames, words);
		else
			printf("stopped\n");
	}
	switch_off();
}
