/* SPDX-License-Identifier: ISC */
/* The Internet checksum (RFC 1071). */
#include "packet.h"

uint32_t checksum_add(uint32_t sum, const uint8_t *data, uint32_t length)
{
	uint32_t i;

	/* 65535 bytes are less than 2^15 words of less than 2^16: no overflow. */
	for (i = 0; i + 1 < length; i += 2)
		sum += get16(data + i);
	if (i < length)
		sum += (uint32_t)data[i] << 8;
	return sum;
}

uint16_t checksum_finish(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
