# SPDX-License-Identifier: ISC
"""The words of the specification, and no others, in the library and its headers.

One thing has one name: virtqueue (not vring), available and used (not sq and cq), notify (not kick or
doorbell), driver and device (not guest and host: the library does not know which side of what it is).
"""
import re
import tree

FORBIDDEN = re.compile(r'(?<![a-z])(hosts?|guests?|kick(?:s|ed|ing)?|vrings?|doorbells?|sq|cq)(?![a-z])', re.I)

# Names that the specification itself gives.
FROM_THE_SPECIFICATION = re.compile(r'VIRTIO_(NET|BALLOON)_\w*(GUEST|HOST)\w*')


def check(files):
    problems = []
    paths = files.under('libvirtio/', 'include/virtio/', ends=('.c', '.h', '.S'))
    for path in paths:
        text = FROM_THE_SPECIFICATION.sub(lambda m: ' ' * len(m.group()), files.text(path))
        for match in FORBIDDEN.finditer(text):
            problems.append(f'{path}:{tree.line_of(text, match.start())}: "{match.group()}" is not the '
                            "specification's word")
    return problems, f"{len(paths)} files use the specification's words"
