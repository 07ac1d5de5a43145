/* SPDX-License-Identifier: ISC */
/*
 * The split ring: who tells whom, and when (VIRTIO 2.7.7, 2.7.10, 2.7.13, 2.7.14). An inline that has the name of a
 * function in libvirtio/virtqueue/ mirrors it, shared word by shared word. What is named device_ is what a device does.
 *
 * SIZE entries, and indices that wrap at INDICES. EVENT_IDX: 1 or 0. DEVICE_SLEEPS, DRIVER_SLEEPS: whether that side
 * sleeps until it is told, or polls.
 */

/* The ring in memory: ASK and HUSH go to the event index with EVENT_IDX, to the flags without. */
mtype = { INDEX, ASK, HUSH };
byte available_idx;
byte used_idx;
byte used_event = INDICES - 1;
byte avail_event;
bool no_interrupt = true;
bool no_notify;

/* The driver's struct virtqueue. */
byte added;
byte published;
byte seen;

/* What the device knows. */
byte device_seen;
byte device_used;

#define DEVICE_HAS(wish) (WRAP(available_idx - device_seen) >= wish)
#define DRIVER_HAS(wish) (WRAP(used_idx - seen) >= wish)
#define TURN INDICES
#include "memory.pml"

chan driver_stores = [BUFFERED] of { mtype, byte };
chan device_stores = [BUFFERED] of { mtype, byte };

active proctype memory()
{
	do
	:: driver_stores ? INDEX, available_idx
	:: device_stores ? INDEX, used_idx
#if EVENT_IDX
	:: atomic { driver_stores ? ASK, used_event -> DRIVER_WISHED }
	:: atomic { driver_stores ? HUSH, used_event -> DRIVER_WISHED }
	:: atomic { device_stores ? ASK, avail_event -> DEVICE_WISHED }
#else
	:: atomic { driver_stores ? ASK, _ -> no_interrupt = false }
	:: atomic { driver_stores ? HUSH, _ -> no_interrupt = true }
	:: atomic { device_stores ? ASK, _ -> no_notify = false }
	:: atomic { device_stores ? HUSH, _ -> no_notify = true }
#endif
	od
}

#define virtqueue_event_passed(event, now, old) (WRAP(now - event - 1) < WRAP(now - old))
#define split_held WRAP(published - seen)
#define split_waiting WRAP(used_idx - seen)

inline virtqueue_split_add(count)
{
	added = WRAP(added + count)
}

inline virtqueue_split_publish()
{
	old = published;
	published = added;
	STORE(driver, INDEX, added);
	FENCE(driver);
	atomic {
		DRIVER_LOOKED(WRAP(added - old));
		if
#if EVENT_IDX
		:: virtqueue_event_passed(avail_event, added, old) ->
#else
		:: !no_notify ->
#endif
			NOTIFY(EVENT_IDX, WRAP(added - old))
		:: else
		fi;
		old = 0
	}
}

inline split_get()
{
	split_waiting > 0 -> seen = WRAP(seen + 1)
}

inline virtqueue_split_enable_interrupts(after)
{
	STORE(driver, ASK, WRAP(seen + after - 1));
	FENCE(driver);
	if
	:: split_waiting >= after
	:: else -> sleep(driver_asks, after, interrupt, wake_driver)
	fi
}

inline virtqueue_split_disable_interrupts()
{
	STORE(driver, HUSH, WRAP(seen - 1))
}

active proctype driver()
{
	byte old;

	do
	:: atomic { split_get() }
	:: atomic { split_held + 1 <= SIZE -> virtqueue_split_add(1) }; virtqueue_split_publish()
	:: atomic { split_held + 2 <= SIZE -> virtqueue_split_add(2) }; virtqueue_split_publish()
	:: atomic { split_held + 3 <= SIZE -> virtqueue_split_add(3) }; virtqueue_split_publish()
#if DRIVER_SLEEPS
	:: virtqueue_split_disable_interrupts()
	:: virtqueue_split_enable_interrupts(1)
	:: split_held >= 2 -> virtqueue_split_enable_interrupts(2)
	:: split_held >= 3 -> virtqueue_split_enable_interrupts(3)
#else
	:: sleep(driver_asks, 0, wake_driver, wake_driver)
#endif
	od
}

inline device_use(count)
{
	old = device_used;
	device_used = WRAP(device_used + count);
	STORE(device, INDEX, device_used);
	FENCE(device);
	atomic {
		DEVICE_LOOKED(count);
		if
#if EVENT_IDX
		:: virtqueue_event_passed(used_event, device_used, old) ->
#else
		:: !no_interrupt ->
#endif
			INTERRUPT(EVENT_IDX, count)
		:: else
		fi;
		old = 0
	}
}

inline device_ask(after)
{
	STORE(device, ASK, WRAP(device_seen + after - 1));
	FENCE(device);
	if
	:: DEVICE_HAS(after)
	:: else -> sleep(device_asks, after, notification, wake_device)
	fi
}

#define DEVICE_HOLDS WRAP(device_seen - device_used)

active proctype device()
{
	byte old;

	do
	:: atomic { available_idx != device_seen -> device_seen = WRAP(device_seen + 1) }
	:: DEVICE_HOLDS >= 1 -> device_use(1)
	:: DEVICE_HOLDS >= 2 -> device_use(2)
	:: DEVICE_HOLDS >= 3 -> device_use(3)
#if DEVICE_SLEEPS
	:: device_ask(1)
	:: device_ask(2)
#if !EVENT_IDX
	:: STORE(device, HUSH, 0)
#endif
#else
	:: sleep(device_asks, 0, wake_device, wake_device)
#endif
	od
}
