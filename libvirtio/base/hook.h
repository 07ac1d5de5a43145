/* SPDX-License-Identifier: ISC */
/* Whether the runtime filled in a hook. */
#ifndef VIRTIO_BASE_HOOK_H
#define VIRTIO_BASE_HOOK_H

#include <virtio/platform.h>

/* True when PLATFORM has FIELD: a runtime built against an older, shorter struct does not, and must not be read past.
 */
#define VIRTIO_HAS_HOOK(platform, field)                                                            \
	(offsetof(struct virtio_platform, field) + sizeof((platform)->field) <= (platform)->size && \
		(platform)->field != NULL)

#endif
