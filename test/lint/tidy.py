# SPDX-License-Identifier: ISC
"""clang-tidy finds nothing of what .clang-tidy asks for."""
import re
import analysis

# The path-sensitive checks give a function up after so many states: without it all takes twice as long or more, and
# analyzer.py searches in the same way.
LIMIT = ['--extra-arg=-Xclang', '--extra-arg=-analyzer-config', '--extra-arg=-Xclang', '--extra-arg=max-nodes=40000']
FINDING = re.compile(r'^\S+: (?:error|warning): .*\[.*$', re.M)


def check(files):
    tidy = analysis.judge(('clang-tidy-14', 'clang-tidy'), '14')
    compiler = [f'--extra-arg={flag}' for flag in analysis.FLAGS]
    command = [tidy, '--quiet', f'--config-file={analysis.TIDY}', *LIMIT, *compiler]
    problems, summary = analysis.check(files, ('libvirtio/', 'boot/'), command, FINDING)
    return problems, f'{summary}, by clang-tidy'
