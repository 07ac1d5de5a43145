/* SPDX-License-Identifier: ISC */
/*
 * The packed ring: who tells whom, and when (VIRTIO 2.8.1, 2.8.10, 2.8.14, 2.8.21, 2.8.22). Read split.pml first: names
 * and switches are the same. Here each buffer has one slot; the device uses buffers in order, since who wakes whom does
 * not depend on ids. A place is a slot's number, and the wrap counter of the lap.
 */
#define PVIRTQ_WRAP 8 /* bit 15 of 16 */
#define PVIRTQ_SLOT 7

/* Flags of a slot, and of an event structure. */
#define AVAIL 1
#define USED 2
#define PACKED_FLAGS (AVAIL + USED)
#define ENABLE 0
#define DISABLE 1
#define DESC 2

/* The ring in memory: slots, and the event structures of the Driver Area and the Device Area. */
mtype = { SLOT, PLACE, FLAGS };
byte slots[SIZE];
byte driver_place;
byte driver_flags = DISABLE;
byte device_place;
byte device_flags;

/* The driver's struct virtqueue. */
byte added = PVIRTQ_WRAP;
byte published = PVIRTQ_WRAP;
byte seen = PVIRTQ_WRAP;
byte held;

/* What the device knows. */
byte device_seen = PVIRTQ_WRAP;
byte device_used = PVIRTQ_WRAP;
byte device_held;

#define packed_available_flags(place) ((place) & PVIRTQ_WRAP -> AVAIL : USED)
#define packed_used_flags(place) ((place) & PVIRTQ_WRAP -> PACKED_FLAGS : 0)
#define packed_advance(place, count) \
	(((place) & PVIRTQ_SLOT) + (count) < SIZE -> (place) + (count) : ((place) + (count) - SIZE) ^ PVIRTQ_WRAP)
#define packed_is_used(place) (slots[(place) & PVIRTQ_SLOT] == packed_used_flags(place))
#define DEVICE_SEES(place) (slots[(place) & PVIRTQ_SLOT] == packed_available_flags(place))

/* Used slots come in order here, so that the last one tells of all. */
#define has_passed(after) packed_is_used(packed_advance(seen, after - 1))

#define DEVICE_HAS(wish) (DEVICE_SEES(device_seen) && DEVICE_SEES(packed_advance(device_seen, wish - 1)))
#define DRIVER_HAS(wish) (held >= wish && has_passed(wish))
#define TURN (2 * SIZE)
#include "memory.pml"

chan driver_stores = [BUFFERED] of { mtype, byte, byte };
chan device_stores = [BUFFERED] of { mtype, byte, byte };

#define STORE_SLOT(who, place, flags) who##_stores ! SLOT, ((place) & PVIRTQ_SLOT), flags

active proctype memory()
{
	byte slot;
	byte flags;

	do
	:: atomic { driver_stores ? SLOT, slot, flags -> slots[slot] = flags; slot = 0; flags = 0 }
	:: atomic { device_stores ? SLOT, slot, flags -> slots[slot] = flags; slot = 0; flags = 0 }
	:: atomic { driver_stores ? PLACE, _, driver_place -> DRIVER_WISHED }
	:: atomic { device_stores ? PLACE, _, device_place -> DEVICE_WISHED }
	:: atomic { driver_stores ? FLAGS, _, driver_flags -> DRIVER_WISHED }
	:: atomic { device_stores ? FLAGS, _, device_flags -> DEVICE_WISHED }
	od
}

#define virtqueue_event_passed(event, now, old) (WRAP(now - (event) - 1) < WRAP(now - (old)))

/* The slot's number as it counts in the lap of NOW: those of the lap before are negative. */
#define IN_LAP(place, now) (((place) & PVIRTQ_SLOT) - (((place) ^ (now)) & PVIRTQ_WRAP -> SIZE : 0))

/* Both sides decide alike; FLAGS and PLACE are what the other side asks for. */
#define wants_notification(flags, place, now, old) \
	(flags == DESC && EVENT_IDX -> \
		virtqueue_event_passed(IN_LAP(place, now), ((now) & PVIRTQ_SLOT), IN_LAP(old, now)) : \
		flags != DISABLE)

/* The flags of the first slot of a batch are withheld until publish: those that are stored say nothing. */
inline virtqueue_packed_add(count)
{
	STORE_SLOT(driver, added, packed_used_flags(added) ^ PACKED_FLAGS);
	added = packed_advance(added, 1);
	do
	:: added != packed_advance(published, count) ->
		STORE_SLOT(driver, added, packed_available_flags(added));
		added = packed_advance(added, 1)
	:: else -> break
	od
}

inline virtqueue_packed_publish(count)
{
	old = published;
	STORE_SLOT(driver, old, packed_available_flags(old));
	published = added;
	held = held + count;
	FENCE(driver);
	atomic {
		DRIVER_LOOKED(count);
		if
		:: wants_notification(device_flags, device_place, published, old) ->
			NOTIFY(device_flags == DESC, count)
		:: else
		fi;
		old = 0
	}
}

inline packed_get()
{
	held > 0 && packed_is_used(seen) ->
	seen = packed_advance(seen, 1);
	held--
}

inline virtqueue_packed_ask(after)
{
#if EVENT_IDX
	STORE(driver, PLACE, 0, packed_advance(seen, after - 1));
	STORE(driver, FLAGS, 0, DESC);
#else
	STORE(driver, FLAGS, 0, ENABLE);
#endif
	FENCE(driver)
}

inline packed_enable_interrupts(after)
{
	virtqueue_packed_ask(after);
	if
	:: has_passed(after)
	:: else -> sleep(driver_asks, after, interrupt, wake_driver)
	fi
}

inline virtqueue_packed_disable_interrupts()
{
	STORE(driver, FLAGS, 0, DISABLE)
}

active proctype driver()
{
	byte old;

	do
	:: atomic { packed_get() }
	:: held + 1 <= SIZE -> virtqueue_packed_add(1); virtqueue_packed_publish(1)
	:: held + 2 <= SIZE -> virtqueue_packed_add(2); virtqueue_packed_publish(2)
	:: held + 3 <= SIZE -> virtqueue_packed_add(3); virtqueue_packed_publish(3)
#if DRIVER_SLEEPS
	:: virtqueue_packed_disable_interrupts()
	:: packed_enable_interrupts(1)
	:: held >= 2 -> packed_enable_interrupts(2)
	:: held >= 3 -> packed_enable_interrupts(3)
#else
	:: sleep(driver_asks, 0, wake_driver, wake_driver)
#endif
	od
}

/* The two halves of the driver's wish in two loads, as devices do it. */
inline device_use(count)
{
	old = device_used;
	do
	:: device_used != packed_advance(old, count) ->
		STORE_SLOT(device, device_used, packed_used_flags(device_used));
		device_used = packed_advance(device_used, 1)
	:: else -> break
	od;
	device_held = device_held - count;
	FENCE(device);
	flags = driver_flags;
	atomic {
		DEVICE_LOOKED(count);
		if
		:: wants_notification(flags, driver_place, device_used, old) ->
			INTERRUPT(flags == DESC, count)
		:: else
		fi;
		old = 0;
		flags = 0
	}
}

inline device_ask(after)
{
#if EVENT_IDX
	STORE(device, PLACE, 0, packed_advance(device_seen, after - 1));
	STORE(device, FLAGS, 0, DESC);
#else
	STORE(device, FLAGS, 0, ENABLE);
#endif
	FENCE(device);
	if
	:: DEVICE_HAS(after)
	:: else -> sleep(device_asks, after, notification, wake_device)
	fi
}

active proctype device()
{
	byte old;
	byte flags;

	do
	:: atomic { DEVICE_SEES(device_seen) -> device_seen = packed_advance(device_seen, 1); device_held++ }
	:: device_held >= 1 -> device_use(1)
	:: device_held >= 2 -> device_use(2)
	:: device_held >= 3 -> device_use(3)
#if DEVICE_SLEEPS
	:: device_ask(1)
	:: device_ask(2)
	:: STORE(device, FLAGS, 0, DISABLE)
#else
	:: sleep(device_asks, 0, wake_device, wake_device)
#endif
	od
}
