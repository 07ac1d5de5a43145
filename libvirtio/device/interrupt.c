/* SPDX-License-Identifier: ISC */
/* What an interrupt handler needs to ask (VIRTIO 2.3, 4.1.5.3, 4.1.5.4). */
#include <virtio/spec/status.h>

#include "device/internal.h"

#define ANY_CAUSE (VIRTIO_INTERRUPT_QUEUE | VIRTIO_INTERRUPT_CONFIG)

uint8_t virtio_device_interrupt(struct virtio_device *dev)
{
	if (dev->msix) /* 4.1.4.5.2: the ISR status is not for MSI-X */
		return dev->live ? ANY_CAUSE : 0;
	/* Also when not live: asking lowers the interrupt line, which would otherwise call again at once. */
	uint8_t cause = dev->transport->interrupt_cause(dev);
	if (!dev->live || cause == 0xff) /* all ones: the device has gone */
		return 0;
	return cause & ANY_CAUSE;
}
