# SPDX-License-Identifier: ISC
"""What test/model/run searches: each ring, each direction, and one mistake at a time."""
import dataclasses
import re

LOST_NOTIFICATION = 'a notification is lost'
LOST_INTERRUPT = 'an interrupt is lost'
TOO_MANY = 'a wish is granted twice'

# Who sleeps. The other side polls.
SLEEPERS = {
    'the device': {'DEVICE_SLEEPS': 1, 'DRIVER_SLEEPS': 0},
    'the driver': {'DEVICE_SLEEPS': 0, 'DRIVER_SLEEPS': 1},
    'each': {'DEVICE_SLEEPS': 1, 'DRIVER_SLEEPS': 1},
}

# Small rings. At most half as many entries as indices, like 32768 and 65536. A store buffer holds two stores, or one
# where that would take too long.
EVENTS = {
    'events, 2 of 4': {'EVENT_IDX': 1, 'SIZE': 2, 'INDICES': 4},
    'events, 2 of 4, suppression': {'EVENT_IDX': 1, 'SIZE': 2, 'INDICES': 4, 'SUPPRESSION': 1, 'BUFFERED': 1},
    'events, 3 of 8': {'EVENT_IDX': 1, 'SIZE': 3, 'INDICES': 8, 'BUFFERED': 1},
    'events, 4 of 8': {'EVENT_IDX': 1, 'SIZE': 4, 'INDICES': 8},
}
FLAGS = {
    'flags, 2 of 4': {'EVENT_IDX': 0, 'SIZE': 2, 'INDICES': 4},
    'flags, 3 of 8': {'EVENT_IDX': 0, 'SIZE': 3, 'INDICES': 8},
}
RINGS = EVENTS | FLAGS


@dataclasses.dataclass(frozen=True)
class Variant:
    """One search. EDITS make the mistake: (name of the inline or macro, text in it, what stands there instead)."""
    model: str
    sleeps: str
    ring: str
    mistake: str = ''
    breaks: str = ''
    edits: tuple = ()

    @property
    def title(self):
        return f'{self.model}, {self.sleeps} sleeps, {self.ring}' + (f', {self.mistake}' if self.mistake else '')

    @property
    def switches(self):
        return SLEEPERS[self.sleeps] | RINGS[self.ring]


def right(model, sleeps, *rings):
    return [Variant(model, sleeps, ring) for ring in rings]


def wrong(model, sleeps, ring, mistake, breaks, *edits):
    return Variant(model, sleeps, ring, mistake, breaks, edits)


def body(text, name):
    """Where the inline or macro NAME of a model starts and ends."""
    found = (re.search(rf'^inline {name}\(.*?^}}$', text, re.M | re.S) or
             re.search(rf'^#define {name}\b(?:[^\n]*\\\n)*[^\n]*$', text, re.M))
    if not found:
        raise ValueError(f'the model has no {name}')
    return found.span()


def change(text, edits):
    for name, old, new in edits:
        start, end = body(text, name)
        if text.count(old, start, end) != 1:
            raise ValueError(f'{name} does not have "{old}" once')
        text = text[:start] + text[start:end].replace(old, new) + text[end:]
    return text


EVENT_PASSED = 'virtqueue_event_passed'
AT_THE_END = 'old = 0\n\t}'

RIGHT = [
    *right('split', 'the device', 'events, 2 of 4, suppression', 'events, 4 of 8', 'flags, 3 of 8'),
    *right('split', 'the driver', 'events, 2 of 4', 'events, 2 of 4, suppression', 'events, 3 of 8', 'flags, 3 of 8'),
    *right('split', 'each', 'events, 2 of 4', 'flags, 2 of 4'),
    *right('packed', 'the device', 'events, 2 of 4', 'events, 2 of 4, suppression', 'events, 3 of 8', 'flags, 3 of 8'),
    *right('packed', 'the driver', 'events, 2 of 4', 'events, 2 of 4, suppression', 'events, 3 of 8', 'flags, 3 of 8'),
    *right('packed', 'each', 'flags, 2 of 4'),
]

SPLIT = [
    *(wrong('split', 'the device', ring, 'publish without a fence', LOST_NOTIFICATION,
            ('virtqueue_split_publish', 'FENCE(driver)', 'skip')) for ring in ('events, 2 of 4', 'flags, 2 of 4')),
    *(wrong('split', 'the driver', ring, 'enable without a fence', LOST_INTERRUPT,
            ('virtqueue_split_enable_interrupts', 'FENCE(driver)', 'skip'))
      for ring in ('events, 2 of 4', 'flags, 2 of 4')),
    *(wrong('split', 'the driver', ring, 'enable, and do not look again', LOST_INTERRUPT,
            ('virtqueue_split_enable_interrupts', 'split_waiting >= after', 'false'))
      for ring in ('events, 2 of 4', 'flags, 2 of 4')),
    wrong('split', 'the device', 'events, 2 of 4', 'look whether to notify, then publish', LOST_NOTIFICATION,
          ('virtqueue_split_publish', 'STORE(driver, INDEX, added);\n\tFENCE(driver);', ''),
          ('virtqueue_split_publish', AT_THE_END, AT_THE_END + ';\n\tSTORE(driver, INDEX, published)')),
    wrong('split', 'the driver', 'events, 2 of 4', 'look again, then enable', LOST_INTERRUPT,
          ('virtqueue_split_enable_interrupts', 'STORE(driver, ASK, WRAP(seen + after - 1));\n\tFENCE(driver);', ''),
          ('virtqueue_split_enable_interrupts', 'else ->',
           'else -> STORE(driver, ASK, WRAP(seen + after - 1)); FENCE(driver);')),
    wrong('split', 'the driver', 'events, 2 of 4', 'stale event index: of one buffer ago', LOST_INTERRUPT,
          ('virtqueue_split_enable_interrupts', 'seen + after - 1', 'seen + after - 2')),
    wrong('split', 'the driver', 'events, 2 of 4', 'event index one too far', LOST_INTERRUPT,
          ('virtqueue_split_enable_interrupts', 'seen + after - 1', 'seen + after')),
    wrong('split', 'the device', 'events, 2 of 4', 'stale event index: loaded before publishing', LOST_NOTIFICATION,
          ('virtqueue_split_publish', 'old = published;', 'old = published;\n\tbyte stale = avail_event;'),
          ('virtqueue_split_publish', EVENT_PASSED + '(avail_event', EVENT_PASSED + '(stale')),
    wrong('split', 'the device', 'events, 4 of 8', 'compare without the wrap', LOST_NOTIFICATION,
          (EVENT_PASSED, '(WRAP(now - event - 1) < WRAP(now - old))', '(event >= old && event < now)')),
    wrong('split', 'the device', 'events, 4 of 8', 'compare with the last buffer, not the batch', LOST_NOTIFICATION,
          (EVENT_PASSED, '(WRAP(now - event - 1) < WRAP(now - old))', '(WRAP(now - 1) == event)')),
    wrong('split', 'the device', 'events, 4 of 8', 'compare with the first buffer, not the batch', LOST_NOTIFICATION,
          (EVENT_PASSED, '(WRAP(now - event - 1) < WRAP(now - old))', '(old == event)')),
    wrong('split', 'the device', 'events, 2 of 4, suppression', 'compare one too far', TOO_MANY,
          (EVENT_PASSED, '<', '<=')),
    wrong('split', 'the device', 'events, 2 of 4', 'the device asks without a fence', LOST_NOTIFICATION,
          ('device_ask', 'FENCE(device)', 'skip')),
    wrong('split', 'the driver', 'events, 2 of 4', 'the device uses without a fence', LOST_INTERRUPT,
          ('device_use', 'FENCE(device)', 'skip')),
]

PACKED = [
    *(wrong('packed', 'the device', ring, 'publish without a fence', LOST_NOTIFICATION,
            ('virtqueue_packed_publish', 'FENCE(driver)', 'skip')) for ring in ('events, 2 of 4', 'flags, 2 of 4')),
    *(wrong('packed', 'the driver', ring, 'enable without a fence', LOST_INTERRUPT,
            ('virtqueue_packed_ask', 'FENCE(driver)', 'skip')) for ring in ('events, 2 of 4', 'flags, 2 of 4')),
    wrong('packed', 'the driver', 'events, 2 of 4', 'enable, and do not look again', LOST_INTERRUPT,
          ('packed_enable_interrupts', ':: has_passed(after)', ':: false')),
    wrong('packed', 'the device', 'events, 2 of 4', 'look whether to notify, then publish', LOST_NOTIFICATION,
          ('virtqueue_packed_publish', 'STORE_SLOT(driver, old, packed_available_flags(old));', ''),
          ('virtqueue_packed_publish', 'FENCE(driver);', ''),
          ('virtqueue_packed_publish', AT_THE_END,
           '};\n\tSTORE_SLOT(driver, old, packed_available_flags(old));\n\told = 0')),
    wrong('packed', 'the driver', 'events, 2 of 4', 'stale event: the place is not stored again', LOST_INTERRUPT,
          ('virtqueue_packed_ask', 'STORE(driver, PLACE, 0, packed_advance(seen, after - 1));', '')),
    wrong('packed', 'the driver', 'events, 2 of 4', 'the wrap counter is not stored', LOST_INTERRUPT,
          ('virtqueue_packed_ask', 'packed_advance(seen, after - 1)',
           '(packed_advance(seen, after - 1) & PVIRTQ_SLOT)')),
    wrong('packed', 'the device', 'events, 2 of 4', "the wish's wrap counter is forgotten", LOST_NOTIFICATION,
          ('wants_notification', 'IN_LAP(place, now)', '((place) & PVIRTQ_SLOT)')),
    wrong('packed', 'the device', 'events, 2 of 4', "the batch's wrap counter is forgotten", LOST_NOTIFICATION,
          ('wants_notification', 'IN_LAP(old, now)', '((old) & PVIRTQ_SLOT)')),
    wrong('packed', 'the device', 'events, 3 of 8', 'compare without the wrap', LOST_NOTIFICATION,
          (EVENT_PASSED, '(WRAP(now - (event) - 1) < WRAP(now - (old)))',
           '(WRAP(event) >= WRAP(old) && WRAP(event) < now)')),
    wrong('packed', 'the device', 'events, 3 of 8', 'compare with the last buffer, not the batch', LOST_NOTIFICATION,
          (EVENT_PASSED, '(WRAP(now - (event) - 1) < WRAP(now - (old)))', '((event) == now - 1)')),
    wrong('packed', 'the device', 'events, 2 of 4, suppression', 'compare one too far', TOO_MANY,
          (EVENT_PASSED, '<', '<=')),
]

ALL = RIGHT + SPLIT + PACKED
