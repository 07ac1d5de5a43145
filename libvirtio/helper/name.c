/* SPDX-License-Identifier: ISC */
/* The names of devices, from text and to text. Both ends come from outside: who types, and devices that lie. */
#include <virtio/name.h>

#include "base/text_format.h"
#include "base/text_word.h"

#define MOST_DEVICE 0x1fu
#define MOST_FUNCTION 7u
#define MAC_LENGTH 6u

/* A number of BASE, up to MOST, that is all of what is left up to END (one letter, which is passed over; or NUL). */
static bool read_number(const char **text, unsigned base, uint64_t most, char end, uint64_t *number)
{
	if (!virtio_text_digits(text, base, number) || *number > most || **text != end)
		return false;
	*text += end != '\0';
	return true;
}

/* Two hexadecimal digits, no more and no less. */
static bool read_byte(const char **text, uint8_t *byte)
{
	unsigned high = virtio_text_digit((*text)[0]);
	unsigned low = high < 16 ? virtio_text_digit((*text)[1]) : 16;

	if (low == 16)
		return false;
	*byte = (uint8_t)(high << 4 | low);
	*text += 2;
	return true;
}

static bool read_order(const char *text, struct virtio_name *name)
{
	return read_number(&text, 10, UINT32_MAX, '\0', &name->number);
}

/* [DOMAIN:]BUS:DEVICE.FUNCTION */
static bool read_pci(const char *text, struct virtio_name *name)
{
	uint64_t domain = 0, bus, device, function;

	if (!read_number(&text, 16, UINT16_MAX, ':', &bus))
		return false;
	const char *rest = text;
	if (read_number(&rest, 16, UINT8_MAX, ':', &device)) { /* so the first was the domain */
		domain = bus;
		bus = device;
		text = rest;
	}
	if (bus > UINT8_MAX || !read_number(&text, 16, MOST_DEVICE, '.', &device) ||
		!read_number(&text, 16, MOST_FUNCTION, '\0', &function))
		return false;
	name->number = domain << 16 | bus << 8 | device << 3 | function;
	return true;
}

static bool read_mmio(const char *text, struct virtio_name *name)
{
	if (text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
		return false;
	text += 2;
	return read_number(&text, 16, UINT64_MAX, '\0', &name->number);
}

static bool read_mac(const char *text, struct virtio_name *name)
{
	for (unsigned i = 0; i < MAC_LENGTH; i++) {
		if (i && *text++ != ':')
			return false;
		if (!read_byte(&text, &name->bytes[i]))
			return false;
	}
	return *text == '\0';
}

static bool read_serial(const char *text, struct virtio_name *name)
{
	unsigned length = 0;

	while (*text) {
		uint8_t byte = (uint8_t)*text++;
		if (byte == '%' && (!read_byte(&text, &byte) || !byte))
			return false;
		if (length == sizeof name->bytes)
			return false;
		name->bytes[length++] = byte;
	}
	return length > 0;
}

/* The kinds of name, and what each begins with. */
static const struct form {
	const char *prefix;
	bool (*read)(const char *text, struct virtio_name *name);
} forms[] = {
	[VIRTIO_NAME_ORDER] = {"order:", read_order},
	[VIRTIO_NAME_PCI] = {"pci:", read_pci},
	[VIRTIO_NAME_MMIO] = {"mmio:", read_mmio},
	[VIRTIO_NAME_MAC] = {"mac:", read_mac},
	[VIRTIO_NAME_SERIAL] = {"serial:", read_serial},
};

#define FORMS (sizeof forms / sizeof forms[0])

/* What follows PREFIX in TEXT; NULL: it begins otherwise. */
static const char *behind(const char *text, const char *prefix)
{
	while (*prefix)
		if (*text++ != *prefix++)
			return NULL;
	return text;
}

static bool read_name(const char *text, struct virtio_name *name)
{
	for (unsigned by = VIRTIO_NAME_ORDER; by < FORMS; by++) {
		const char *rest = behind(text, forms[by].prefix);

		name->by = (enum virtio_name_by)by;
		if (rest)
			return forms[by].read(rest, name);
	}
	name->by = VIRTIO_NAME_ORDER;
	return read_order(text, name);
}

int virtio_name_parse(struct virtio_name *name, const char *text, size_t length)
{
	char copy[VIRTIO_NAME_TEXT];
	struct virtio_name read = {0};

	if (length >= sizeof copy)
		return VIRTIO_ERR_INVALID;
	for (size_t i = 0; i < length; i++) {
		if (virtio_text_ends(text[i]))
			return VIRTIO_ERR_INVALID;
		copy[i] = text[i];
	}
	copy[length] = '\0';
	if (!read_name(copy, &read))
		return VIRTIO_ERR_INVALID;
	*name = read;
	return 0;
}

/* Letters that go into a command line as they are. */
static bool is_plain(uint8_t byte)
{
	return byte > ' ' && byte <= '~' && byte != '%';
}

static size_t write_serial(const uint8_t *bytes, char text[VIRTIO_NAME_TEXT])
{
	size_t used = virtio_format(text, VIRTIO_NAME_TEXT, "serial:");

	for (unsigned i = 0; i < VIRTIO_BLK_ID_LENGTH && bytes[i]; i++) {
		const char letter[] = {(char)bytes[i], '\0'};
		bool plain = is_plain(bytes[i]);

		used += virtio_format(text + used, VIRTIO_NAME_TEXT - used, plain ? "%s" : "%s%02x",
			plain ? letter : "%", (unsigned)bytes[i]);
	}
	return used;
}

static size_t write_pci(uint64_t number, char text[VIRTIO_NAME_TEXT])
{
	unsigned domain = (unsigned)(number >> 16);
	size_t used = virtio_format(text, VIRTIO_NAME_TEXT, domain ? "pci:%04x:" : "pci:", domain);

	return used + virtio_format(text + used, VIRTIO_NAME_TEXT - used, "%02x:%02x.%x",
			      (unsigned)(number >> 8 & 0xff), (unsigned)(number >> 3 & MOST_DEVICE),
			      (unsigned)(number & MOST_FUNCTION));
}

size_t virtio_name_text(const struct virtio_name *name, char text[VIRTIO_NAME_TEXT])
{
	const uint8_t *bytes = name->bytes;

	switch (name->by) {
	case VIRTIO_NAME_ORDER:
		return virtio_format(text, VIRTIO_NAME_TEXT, "order:%llu", (unsigned long long)name->number);
	case VIRTIO_NAME_PCI:
		return write_pci(name->number, text);
	case VIRTIO_NAME_MMIO:
		return virtio_format(text, VIRTIO_NAME_TEXT, "mmio:0x%llx", (unsigned long long)name->number);
	case VIRTIO_NAME_MAC:
		return virtio_format(text, VIRTIO_NAME_TEXT, "mac:%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1],
			bytes[2], bytes[3], bytes[4], bytes[5]);
	case VIRTIO_NAME_SERIAL:
		return write_serial(bytes, text);
	case VIRTIO_NAME_NONE:
		break;
	}
	text[0] = '\0';
	return 0;
}

bool virtio_name_equal(const struct virtio_name *a, const struct virtio_name *b)
{
	unsigned differ = 0;

	for (unsigned i = 0; i < sizeof a->bytes; i++)
		differ |= a->bytes[i] ^ b->bytes[i];
	return a->by == b->by && a->number == b->number && !differ;
}
