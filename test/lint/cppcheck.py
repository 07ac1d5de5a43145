# SPDX-License-Identifier: ISC
"""cppcheck finds nothing. It sees one configuration, the one that is built, and one file at a time."""
import re
import analysis

# For the whole tree, and why.
SUPPRESSED = {
    'unusedStructMember': 'the layout of a device or a processor has members that we do not use',
    'variableScope': 'a variable may stand at the start of its block',
    'clarifyCalculation': 'the compilers warn where & and ?: could be misread',
    'knownConditionTrueFalse': 'does not see what a function that it does not know stores through a pointer',
    'ctuuninitvar': 'takes a struct that a function is there to fill in for one that it reads',
    'missingIncludeSystem': 'stdint.h and its kind are known to it',
}
COMMAND = ['--quiet', '--enable=warning,performance,portability,style', '--inline-suppr', '--std=c11',
           '--platform=unix64', '--max-configs=1', '-D__x86_64__', '-D__GNUC__=12', '-D__BYTE_ORDER__=1234',
           '-D__ORDER_LITTLE_ENDIAN__=1234', '-Iinclude', '-Ilibvirtio', '-Iboot', '--error-exitcode=1',
           '--template={file}:{line}: {message} [{id}]', *(f'--suppress={name}' for name in SUPPRESSED)]
FINDING = re.compile(r'^\S+: .*\[\w+\]$', re.M)


def check(files):
    cppcheck = analysis.judge(('cppcheck',), '2.10')
    problems, summary = analysis.check(files, ('libvirtio/', 'boot/', 'examples/'), [cppcheck, *COMMAND], FINDING)
    return problems, f'{summary}, by cppcheck'
