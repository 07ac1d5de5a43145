# SPDX-License-Identifier: ISC
"""gcc -fanalyzer finds nothing: it follows each path through a function and those that it calls."""
import re
import analysis

COMMAND = ['-O2', *analysis.FLAGS, '-fanalyzer', '-fdiagnostics-plain-output', '-c', '-o', '/dev/null']
FINDING = re.compile(r'^\S+: warning: .*\[-Wanalyzer.*$', re.M)


def check(files):
    gcc = analysis.judge(('gcc-12', 'gcc'), '12')
    problems, summary = analysis.check(files, ('libvirtio/', 'boot/', 'examples/'), [gcc, *COMMAND], FINDING)
    return problems, f'{summary}, by gcc -fanalyzer'
