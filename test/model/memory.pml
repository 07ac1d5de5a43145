/* SPDX-License-Identifier: ISC */
/*
 * What the models of both rings share: memory as x86 has it, sleep, and the world around driver and device.
 *
 * A store goes into a buffer and reaches memory some time later, in order; a load takes what memory has now. That is
 * the one reordering of x86: a store behind a later load. Nobody loads a word that a store of its own, still on its
 * way, would change for it, so no load has to look into the buffer.
 */
#if !defined(SIZE) || !defined(INDICES) || !defined(EVENT_IDX) || !defined(DEVICE_SLEEPS) || !defined(DRIVER_SLEEPS)
#error "the command line says them all"
#endif

#ifndef BUFFERED
#define BUFFERED 2 /* stores that a buffer holds; one more waits until there is room */
#endif
#define STORE(who, ...) who##_stores ! __VA_ARGS__
#define FENCE(who) empty(who##_stores)

#define WRAP(index) ((index) & (INDICES - 1)) /* as uint16_t wraps at 65536 */

/* From one side to the other, and from the world: a packet, a timer, a user. */
bool notification;
bool interrupt;
bool wake_device;
bool wake_driver;

/* For what a side sleeps: so many buffers. 0: it does not sleep, or nobody shall wake it but the world. */
byte device_asks;
byte driver_asks;

inline sleep(asks, wish, told, wake)
{
	asks = wish;
	atomic {
		told || wake ->
		told = false;
		wake = false;
		asks = 0
	}
}

/*
 * When nobody can move any more, all stores have reached memory, and whoever sleeps must not have what it asked for:
 * that wakeup was lost. Only then does the world go on, so that it never covers a lost wakeup up.
 */
active proctype world()
{
	do
	:: timeout ->
		assert(!device_asks || !DEVICE_HAS(device_asks));
		assert(!driver_asks || !DRIVER_HAS(driver_asks));
		if
		:: wake_device = true
		:: wake_driver = true
		fi
	od
}

/*
 * Suppression: an event index is a wish for one notification, when the other side passes it. There may be another when
 * it passes the same number again, a whole turn of TURN entries later, and none before. SINCE counts the entries that
 * the other side has looked at since it began to grant the wish; not above a turn and one.
 */
#if SUPPRESSION
bool granted;
byte since;
#define WISHED granted = false
#define LOOKED(count) since = (since + (count) > TURN -> TURN + 1 : since + (count))
#define GRANTED(by_event, count) \
	assert(!(by_event) || !granted || since > TURN); \
	granted = by_event; \
	since = count
#else
#define WISHED skip
#define LOOKED(count) skip
#define GRANTED(by_event, count) skip
#endif

/* Who polls needs not be told, and a model that does not remember it has half the states. */
#if DEVICE_SLEEPS
#define DEVICE_WISHED WISHED
#define DRIVER_LOOKED(count) LOOKED(count)
#define NOTIFY(by_event, count) GRANTED(by_event, count); notification = true
#else
#define DEVICE_WISHED skip
#define DRIVER_LOOKED(count) skip
#define NOTIFY(by_event, count) skip
#endif
#if DRIVER_SLEEPS
#define DRIVER_WISHED WISHED
#define DEVICE_LOOKED(count) LOOKED(count)
#define INTERRUPT(by_event, count) GRANTED(by_event, count); interrupt = true
#else
#define DRIVER_WISHED skip
#define DEVICE_LOOKED(count) skip
#define INTERRUPT(by_event, count) skip
#endif
#if SUPPRESSION && DEVICE_SLEEPS && DRIVER_SLEEPS
#error "wishes of one side at a time"
#endif
