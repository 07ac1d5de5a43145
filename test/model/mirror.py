# SPDX-License-Identifier: ISC
"""Whether the models still follow the source: what has a name in lower case there, other than device_..., is a function
of libvirtio/virtqueue/, and where that function stores to shared memory or fences, the model takes the same steps."""
import re

STEPS = {
    'store': r'virtio_store_\w+|\bSTORE(?:_SLOT)?\b',
    'fence': r'virtio_fence_full|\bFENCE\b',
    'ask': r'virtqueue_packed_ask',
    'load': r'virtio_load_\w+|\b(?:split_waiting|wants_notification|has_passed|virtqueue_event_passed|no_notify)\b',
}
ANY_STEP = re.compile('|'.join(f'(?P<{name}>{pattern})' for name, pattern in STEPS.items()))


def without_comments(text):
    return re.sub(r'/\*.*?\*/', '', text, flags=re.S)


def functions(folder, damage):
    """Name and body of each function in the C files of FOLDER, with DAMAGE done to their texts."""
    found = {}
    for path in sorted(folder.glob('*.[ch]')):
        text = damage(without_comments(path.read_text()))
        for match in re.finditer(r'^[a-z][^;{}#=]*?\b(\w+)\([^;{}]*\)\n\{\n(.*?)^\}', text, re.M | re.S):
            found[match.group(1)] = match.group(2)
    return found


def mirrored(text):
    """Name and body of what a model mirrors; of macros the name alone."""
    text = without_comments(text)
    inlines = dict(re.findall(r'^inline (?!device_)(\w+)\([^)]*\)\n\{\n(.*?)^\}', text, re.M | re.S))
    return {**{name: '' for name in re.findall(r'^#define (?!device_)([a-z]\w*)', text, re.M)}, **inlines}


def steps(body):
    """The kinds of steps in BODY, in order; several of a kind in a row are one."""
    found = [match.lastgroup for match in ANY_STEP.finditer(body)]
    return [step for n, step in enumerate(found) if n == 0 or found[n - 1] != step]


def problems(folder, damage=lambda text: text):
    """Where the models in FOLDER do not follow the source."""
    source = functions(folder.parents[1] / 'libvirtio' / 'virtqueue', damage)
    found = []
    for model in ('split.pml', 'packed.pml'):
        names = mirrored((folder / model).read_text())
        found += [f'{model}: libvirtio/virtqueue/ has no {name}' for name in names if name not in source]
        for name, body in names.items():
            theirs = steps(source.get(name, ''))
            if {'store', 'fence'} & set(theirs) and steps(body) != theirs:
                found.append(f'{model}: {name} has the steps {steps(body)}, in C {theirs}')
    return found


def check(folder):
    """The problems; one is that a check does not see a fence that is gone, or a function."""
    found = problems(folder)
    for old, new, expected in (('virtio_fence_full();', '', 4), ('split_waiting', 'split_ready', 1)):
        seen = problems(folder, lambda text, old=old, new=new: text.replace(old, new))
        if len(seen) - len(found) < expected:
            found.append(f'mirror.py would not see that {old} is gone')
    return found
