# SPDX-License-Identifier: ISC
"""The second half of test/conformance.md: what a device can do to us, and which tests do it to whom."""
import re

ALL_DRIVERS = 'test/unit/test_hostile_drivers.c'
BOTH_RINGS = 'test/unit/test_virtqueue_hostile.c'
USERS = 'test/unit/fake/users.c'

# What the device does; the lines of the list that say so for a split ring, for a packed one, and for single drivers;
# and the test that does it to every driver.
ACTS = [
    ('names a buffer out of range', 'HR-01', 'HP-01', '', 'test_an_id_out_of_range_is_told'),
    ('names a buffer that it does not have', 'HR-02', 'HP-01', 'HN-14', 'test_an_id_of_no_buffer_is_told'),
    ('returns a buffer twice', 'HR-02', 'HP-01', 'HN-14', 'test_a_buffer_returned_twice_does_no_harm'),
    ('returns more than it had', 'HR-04', 'HP-02', 'HR-05', 'test_more_used_buffers_than_there_were_do_no_harm'),
    ('lets the used index, or the wrap bit, jump', 'HR-04', 'HP-06', '', 'test_a_used_index_that_jumps_is_told'),
    ('uses buffers before it may', 'HR-10', 'HP-02', 'HC-15', ''),
    ('lies about lengths', 'HR-03', 'HP-03', 'HN-01 HB-02 HB-03 HO-01 HG-01 HT-01 HV-01',
     'test_nobody_gets_more_bytes_than_the_device_wrote'),
    ('rewrites descriptors, tables and indices', 'HR-06 HR-07 HI-01', 'HP-04 HP-05 HI-01', '',
     'test_overwritten_descriptors_do_not_matter'),
    ('writes rubbish into what both see', 'HR-08', 'HP-07', 'HN-06 HN-07 HN-08 HB-01 HO-02 HO-04 HT-02 HV-05',
     'test_rubbish_in_buffers_does_no_harm'),
    ('breaks its promise of order', 'HI-02 HI-03', 'HI-02 HI-03', '', ''),
    ('does any of these at random', 'test_random_lies_do_no_harm', 'test_random_lies_do_no_harm', '',
     'test_random_lies_do_no_harm'),
    ('lies about merged buffers', '', '', 'HN-02 HN-03 HN-04 HN-05', ''),
    ('lies about the room in a window', '', '', 'HV-02 HV-03', ''),
    ('changes a received frame', '', '', 'HN-15 HG-02', ''),
    ('floods', '', '', 'HF-04 HO-06 HV-04 HC-14', ''),
    ('never answers', '', '', 'HR-09 HB-09 HG-03 HN-12 HO-07 HA-02 HV-06', 'test_no_call_waits_beyond_its_deadline'),
    ('breaks while it is waited for', '', '', '', 'test_a_ring_that_breaks_ends_the_wait'),
    ('asks for a reset', '', '', 'RST-02', 'test_a_device_that_asks_for_a_reset_gets_one'),
    ('goes away, and reads all ones', '', '', 'HC-12', 'test_a_device_that_goes_away_is_noticed_and_frees_all'),
    ('never ends its reset', '', '', 'HC-12 HC-16', 'test_a_reset_that_never_ends_is_given_up'),
    ('has a configuration that never stands still', '', '', 'HC-13 HM-04',
     'test_a_configuration_that_never_stands_still_keeps_nobody'),
    ('has a configuration that cannot be', '', '',
     'HC-07 HC-09 HC-10 HC-11 HN-10 HN-11 HN-13 HB-04 HB-05 HB-06 HB-07 HB-08 HO-03 HO-05 HT-03 HA-01 HV-07 HV-08', ''),
    ('has capabilities that loop or lie', '', '', 'HC-01 HC-02 HC-03 HC-04 HC-05 HC-06 HC-08', ''),
    ('has registers that cannot be', '', '', 'HC-17 HM-01 HM-02 HM-03', ''),
    ('offers what cannot be, or another thing each time', '', '', 'HF-01 HF-02 HF-03 HN-09', ''),
]

HEAD = """
# What a hostile device does, and to whom

The last section above by acts instead of lines: the tests of the two rings, the test that does it to each virtqueue
of every driver ({drivers}), and the tests of single drivers, transports and the device layer. After each act a reset
brings the device back, red zones around all memory are whole, and the sanitizers are silent.

| act | split ring | packed ring | every driver | single ones |
|---|---|---|---|---|
"""


def tests_of(files, names, held, ring):
    """The tests that name one of NAMES, or have it: those of a RING, or with '' those of no ring."""
    found = []
    for name in names.split():
        if ring and BOTH_RINGS in files.paths and f'TEST({name})' in files.text(BOTH_RINGS):
            found.append(f'`{BOTH_RINGS.rsplit("/", 1)[-1]}` {name}')
        for kind, path, function in held.get(name, []):
            short = path.rsplit('/', 1)[-1]
            at_home = re.match(r'test_(split|packed|in_order|virtqueue)', short)
            of_ring = any(word in short for word in (ring, 'in_order', 'virtqueue'))
            fits = of_ring if ring else not at_home and path != ALL_DRIVERS
            text = f'`{short}` {function}'
            if fits and kind == 'test' and function and text not in found:
                found.append(text)
    return found


def make(files, held):
    """Problems, and the text: nothing where those tests are not."""
    if ALL_DRIVERS not in files.paths:
        return [], ''
    code = files.text(ALL_DRIVERS)
    table = re.search(r'fake_users\[\] = \{([^}]*)\}', files.text(USERS))
    drivers = ', '.join(re.findall(r'&fake_user_(\w+)', table.group(1)))
    problems, rows, used = [], [], set()
    for act, split, packed, single, test in ACTS:
        used |= set(f'{split} {packed} {single}'.split())
        if test and f'TEST({test})' not in code:
            problems.append(f'{ALL_DRIVERS}: {test} is not there, which test/conformance/hostile.py names')
        columns = [tests_of(files, names, held, ring)
                   for names, ring in ((split, 'split'), (packed, 'packed'), (single, ''))]
        for names, column in zip((split, packed, single), columns):
            if names and not column and not (test and names is single):
                problems.append(f'test/conformance/hostile.py: "{act}": no test names {names}')
        cells = ['; '.join(column) for column in columns]
        rows.append(f'| {act} | {cells[0]} | {cells[1]} | {test} | {cells[2]} |\n')
    problems += [f'test/conformance/hostile.py: no act has {name}' for name in sorted(held)
                 if name.startswith('H') and name not in used]
    return problems, HEAD.format(drivers=drivers) + ''.join(rows)
