/* SPDX-License-Identifier: ISC */
/*
 * The command line of the machine: NAME=value words whose name is all capitals are variables of the environment
 * (OCAMLRUNPARAM=v=0x400), all others are arguments of the program.
 */
#include "libc.h"
#include "runtime.h"

static char program_name[] = "unikernel";
static char *no_words[] = {program_name, NULL};

static char **environment_arguments = no_words;
static char **environment_variables = no_words + 1;

static bool is_space(char letter)
{
	return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
}

static bool is_name_letter(char letter)
{
	return (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') || letter == '_';
}

/* The value of WORD if it is a variable, or NULL. */
static char *variable_value(char *word)
{
	char *end = word;

	while (is_name_letter(*end))
		end++;
	return end > word && *end == '=' ? end + 1 : NULL;
}

static size_t count_words(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += !is_space(*text) && (is_space(text[1]) || text[1] == '\0');
	return count;
}

void runtime_environment_init(const char *command_line)
{
	size_t length = __builtin_strlen(command_line) + 1, words = count_words(command_line);
	char *text = malloc(length);
	char **arguments = malloc((words + 2) * sizeof *arguments);
	char **variables = malloc((words + 1) * sizeof *variables);
	size_t argument_count = 0, variable_count = 0;

	if (text == NULL || arguments == NULL || variables == NULL)
		runtime_fail("no memory for the command line");
	__builtin_memcpy(text, command_line, length);
	arguments[argument_count++] = program_name;
	while (words-- > 0) {
		char *word;

		while (is_space(*text))
			text++;
		word = text;
		while (*text != '\0' && !is_space(*text))
			text++;
		if (*text != '\0')
			*text++ = '\0';
		if (variable_value(word) != NULL)
			variables[variable_count++] = word;
		else
			arguments[argument_count++] = word;
	}
	arguments[argument_count] = NULL;
	variables[variable_count] = NULL;
	environment_arguments = arguments;
	environment_variables = variables;
}

char **runtime_arguments(void)
{
	return environment_arguments;
}

/* Without a word on it, uncaught exceptions come with their backtrace. */
char *getenv(const char *name)
{
	static char parameters[] = "b";
	size_t length = __builtin_strlen(name);

	for (char **variable = environment_variables; *variable != NULL; variable++)
		if (__builtin_strncmp(*variable, name, length) == 0 && (*variable)[length] == '=')
			return *variable + length + 1;
	return __builtin_strcmp(name, "OCAMLRUNPARAM") == 0 ? parameters : NULL;
}

char *secure_getenv(const char *name)
{
	return getenv(name);
}
