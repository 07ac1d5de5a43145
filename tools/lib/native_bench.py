# SPDX-License-Identifier: ISC
"""How fast the library drives devices of other processes, beside drivers that others wrote, in turns."""

import native_blocks
import native_costs
import native_frames


def measure(results, _):
    native_frames.measure(results)
    native_costs.measure(results)
    native_blocks.measure(results)
