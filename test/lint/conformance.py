# SPDX-License-Identifier: ISC
"""Each requirement is held by something, and test/conformance.md says by what."""
import os
import sys
import tree

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'conformance'))
import matrix  # noqa: E402  pylint: disable=wrong-import-position


def check(files):
    if matrix.LIST not in files.paths:
        raise tree.Skip(f'there is no {matrix.LIST}')
    problems, text, summary = matrix.make(files)
    if not problems and (matrix.MATRIX not in files.paths or files.text(matrix.MATRIX) != text):
        problems.append(f'{matrix.MATRIX}: is out of date: run test/conformance/matrix.py, and commit what it writes')
    return problems, summary
