/* SPDX-License-Identifier: ISC */
/* The life of a driver and its device, once around: hostile, then good. */
#include "session.h"

#define LOOK UINT64_C(20000000) /* nanoseconds: the longest pause between two looks, twice */

/* Choices of a step that are the same for all drivers. */
#define ACT_BELOW 96
#define INTERRUPT 96
#define CHECK 97
#define RESTART 98
#define OWN 99

uint64_t fuzz_session_deadline(struct fuzz_device *device)
{
	return fuzz_runtime_time() + UINT64_C(50000) * fuzz_byte(device->input);
}

void fuzz_session_check_deadline(uint64_t deadline)
{
	fuzz_check(fuzz_runtime_time() <= deadline + LOOK);
}

static void use_msix(struct fuzz_device *device)
{
	static const struct virtio_msix_message messages[4] = {{0xfee00000, 0x40}};
	unsigned count = fuzz_byte(device->input);

	if (count & 1 && device->bus != FUZZ_MMIO_MODERN && device->bus != FUZZ_MMIO_LEGACY)
		(void)!virtio_pci_use_msix(&device->driver, messages, count / 2 % 5);
}

static int start(const struct fuzz_session *session, struct fuzz_device *device)
{
	fuzz_runtime_call(FUZZ_PATIENCE);
	if (fuzz_device_open(device) < 0)
		return VIRTIO_ERR_NO_DEVICE;
	use_msix(device);
	fuzz_runtime_call(FUZZ_PATIENCE);
	return session->attach(device);
}

/* One thing that happens. False: the driver is not attached any more. */
static bool step(const struct fuzz_session *session, struct fuzz_device *device)
{
	unsigned choice = fuzz_byte(device->input);

	fuzz_runtime_call(FUZZ_PATIENCE);
	if (choice < ACT_BELOW) {
		fuzz_device_act(device);
	} else if (choice == INTERRUPT) {
		fuzz_check(virtio_device_interrupt(&device->driver) <= 3);
	} else if (choice == CHECK) {
		(void)!virtio_device_check(&device->driver);
	} else if (choice == RESTART) {
		(void)!session->detach(device);
		fuzz_runtime_check_empty();
		fuzz_runtime_call(FUZZ_PATIENCE);
		return session->attach(device) == 0;
	} else {
		session->step(device, choice - OWN);
	}
	return true;
}

static void be_good(const struct fuzz_session *session, struct fuzz_device *device)
{
	fuzz_runtime_call(FUZZ_PATIENCE);
	fuzz_check(fuzz_device_open(device) == 0);
	fuzz_check(session->attach_plainly(device) == 0);
	fuzz_runtime_call(FUZZ_PATIENCE);
	session->prove(device);
	fuzz_check(session->detach(device) == 0);
	fuzz_runtime_check_empty();
}

int fuzz_session_run(const struct fuzz_session *session, const uint8_t *data, size_t size)
{
	static struct fuzz_device device;
	struct fuzz_input input = {data, size};
	bool attached;

	fuzz_device_start(&device, session->kind, &input);
	attached = start(session, &device) == 0;
	while (attached && !fuzz_ended(&input))
		attached = step(session, &device);
	fuzz_device_behave(&device);
	fuzz_runtime_call(FUZZ_PATIENCE);
	if (attached)
		fuzz_check(session->detach(&device) == 0);
	fuzz_runtime_check_empty();
	be_good(session, &device);
	fuzz_runtime_end();
	return 0;
}
