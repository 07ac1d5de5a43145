/* SPDX-License-Identifier: ISC */
/* The clocks, and sleeping until there is something to read. */
#include <boot/clock.h>

#include "binding.h"

solo5_time_t solo5_clock_monotonic(void)
{
	return boot_clock_now();
}

solo5_time_t solo5_clock_wall(void)
{
	uint64_t wall = boot_clock_wall();

	return wall != 0 ? wall : boot_clock_now();
}

static solo5_handle_set_t yield_poll(void)
{
	solo5_handle_set_t ready = 0;

	for (uint32_t i = 1; i < __solo5_mft1_note.head.count; i++) {
		struct binding_device *device = binding_in_use(i, SOLO5_MANIFEST_NET);

		if (device != NULL && binding_net_poll(&device->u.net))
			ready |= UINT64_C(1) << i;
	}
	return ready;
}

/* Ask every network device in use for an interrupt, or for none. Whether there is something to read already. */
static bool yield_interrupts(bool on)
{
	bool ready = false;

	for (uint32_t i = 1; i < __solo5_mft1_note.head.count; i++) {
		struct binding_device *device = binding_in_use(i, SOLO5_MANIFEST_NET);

		if (device == NULL || device->u.net.broken)
			continue;
		if (!on)
			virtio_net_disable_receive_interrupts(&device->u.net.net);
		else if (virtio_net_enable_receive_interrupts(&device->u.net.net))
			ready = true;
	}
	return ready;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
	solo5_handle_set_t ready = yield_poll();

	while (ready == 0 && boot_clock_now() < deadline) {
		if (!yield_interrupts(true))
			boot_wait(deadline);
		ready = yield_poll();
	}
	yield_interrupts(false);
	if (ready_set != NULL)
		*ready_set = ready;
}
