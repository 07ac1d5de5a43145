# SPDX-License-Identifier: ISC
"""How fast the library drives devices of other processes, beside drivers that others wrote, in turns."""

import native_blocks
import native_costs
import native_frames
import native_samples
from undisturbed import undisturbed


def measure(results, _):
    with undisturbed():
        for ring in native_frames.RINGS:
            with native_frames.drivers(ring) as ways:
                native_frames.measure(results, ring, ways)
                native_samples.measure(results, ring, ways)
        native_costs.measure(results)
    native_blocks.measure(results)
