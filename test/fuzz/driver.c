/* SPDX-License-Identifier: ISC */
/*
 * Runs a fuzz target on a fixed number of inputs, the same in every run: each seed as it is, then seeds with random
 * changes, made of each other. Usage: <target> RUNS FOLDER-OF-SEEDS
 *
 * When FUZZ_KEEP is set, each input is written to <target>.input before it is run: so a crash leaves it behind.
 */
#define _POSIX_C_SOURCE 200809L /* scandir */

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#define SIZE_MAX_INPUT 65536
#define CHANGES_MAX 8

struct seed {
	uint8_t *data;
	size_t size;
};

static const char *driver_name;
static uint64_t random_state = 88172645463325252u;

/* Marsaglia's xorshift. */
static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static size_t below(size_t limit)
{
	return (size_t)(random_number() % limit);
}

static struct seed load(const char *path)
{
	struct seed seed = {malloc(SIZE_MAX_INPUT), 0};
	FILE *file = fopen(path, "rb");

	if (seed.data == NULL || file == NULL) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	seed.size = fread(seed.data, 1, SIZE_MAX_INPUT, file);
	fclose(file);
	return seed;
}

static void run(const uint8_t *data, size_t size)
{
	char path[1024];
	FILE *file;

	if (getenv("FUZZ_KEEP") != NULL) {
		snprintf(path, sizeof path, "%s.input", driver_name);
		file = fopen(path, "wb");
		if (file != NULL) {
			fwrite(data, 1, size, file);
			fclose(file);
		}
	}
	LLVMFuzzerTestOneInput(data, size);
}

/* Numbers at which lengths and counts go wrong. */
static uint8_t edge(void)
{
	static const uint8_t edges[] = {0, 1, 2, 3, 7, 8, 0x0f, 0x10, 0x7f, 0x80, 0xc0, 0xfe, 0xff};

	return edges[below(sizeof edges)];
}

static void overwrite(uint8_t *data, size_t size, const struct seed *other)
{
	size_t to = below(size), from = below(other->size), most = size - to, length;

	if (other->size - from < most)
		most = other->size - from;
	length = below(most < 64 ? most : 64) + 1;
	if (length <= most)
		memcpy(data + to, other->data + from, length);
}

static size_t change(uint8_t *data, size_t size, const struct seed *other)
{
	if (size == 0)
		return 0;
	switch (below(6)) {
	case 0:
		data[below(size)] ^= (uint8_t)(1u << below(8));
		break;
	case 1:
		data[below(size)] = (uint8_t)random_number();
		break;
	case 2:
		data[below(size)] = edge();
		break;
	case 3:
		memset(data + below(size), edge(), 1);
		data[below(size)] = edge();
		break;
	case 4:
		if (other->size > 0)
			overwrite(data, size, other);
		break;
	default:
		return below(16) == 0 ? below(size + 1) : size;
	}
	return size;
}

static void run_changed(const struct seed *seeds, size_t count)
{
	const struct seed *seed = &seeds[below(count)];
	uint8_t *data = malloc(seed->size + 1);
	size_t size = seed->size;

	if (data == NULL)
		exit(1);
	memcpy(data, seed->data, size);
	for (size_t changes = below(CHANGES_MAX) + 1; changes > 0; changes--)
		size = change(data, size, &seeds[below(count)]);
	run(data, size);
	free(data);
}

/* Load all files of FOLDER, in the order of their names. How many; *SEEDS is allocated. */
static size_t load_all(const char *folder, struct seed **seeds)
{
	struct dirent **entries = NULL;
	int found = scandir(folder, &entries, NULL, alphasort);
	char path[1024];
	size_t count = 0;

	*seeds = calloc((size_t)(found > 0 ? found : 0) + 1, sizeof **seeds);
	if (*seeds == NULL)
		exit(1);
	for (int i = 0; i < found; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			(*seeds)[count++] = load(path);
		free(entries[i]);
	}
	free(entries);
	return count;
}

int main(int argc, char **argv)
{
	uint64_t runs = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	struct seed *seeds = NULL;
	size_t count = argc == 3 ? load_all(argv[2], &seeds) : 0;

	if (count == 0) {
		fprintf(stderr, "usage: %s RUNS FOLDER-OF-SEEDS\n", argv[0]);
		return 2;
	}
	driver_name = argv[0];
	run(NULL, 0);
	for (size_t i = 0; i < count; i++)
		run(seeds[i].data, seeds[i].size);
	for (uint64_t i = 0; i < runs; i++)
		run_changed(seeds, count);
	printf("%zu seeds, %" PRIu64 " changed inputs\n", count, runs);
	for (size_t i = 0; i < count; i++)
		free(seeds[i].data);
	free(seeds);
	return 0;
}
