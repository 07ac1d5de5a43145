# SPDX-License-Identifier: ISC
"""How fast the library drives devices of other processes, beside drivers that others wrote, in turns."""

import native_blocks
import native_costs
import native_frames
from undisturbed import undisturbed


def measure(results, _):
    with undisturbed():
        native_frames.measure(results)
    native_costs.measure(results)
    native_blocks.measure(results)
