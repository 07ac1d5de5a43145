/* SPDX-License-Identifier: ISC */
/* Which loaders put the kernel's file name in front of the command line, and how to take it off. */
#include "command_line.h"

#include <boot/base.h>

struct command_line_loader {
	const char *prefix; /* how its name starts */
	bool passes_name;
};

static const struct command_line_loader command_line_loaders[] = {
	{"qemu", true},
	{"GNU GRUB 0", true},
	{"iPXE", true},
	{"GRUB ", false},
};

static bool command_line_starts_with(const char *text, const char *prefix)
{
	while (*prefix != '\0' && *text == *prefix) {
		text++;
		prefix++;
	}
	return *prefix == '\0';
}

static bool command_line_is_path(const char *word)
{
	for (; *word != '\0' && *word != ' ' && *word != '='; word++) {
		if (*word == '/')
			return true;
	}
	return false;
}

static bool command_line_has_name(const char *line, const char *loader)
{
	for (size_t i = 0; i < sizeof command_line_loaders / sizeof command_line_loaders[0]; i++) {
		if (command_line_starts_with(loader, command_line_loaders[i].prefix))
			return command_line_loaders[i].passes_name;
	}
	return command_line_is_path(line);
}

static const char *command_line_skip_spaces(const char *line)
{
	while (*line == ' ' || *line == '\t')
		line++;
	return line;
}

const char *boot_command_line_arguments(const char *line, const char *loader)
{
	line = command_line_skip_spaces(line);
	if (!command_line_has_name(line, loader))
		return line;
	while (*line != '\0' && *line != ' ' && *line != '\t')
		line++;
	return command_line_skip_spaces(line);
}
