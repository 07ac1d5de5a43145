# SPDX-License-Identifier: ISC
"""Each header stands alone: it compiles with nothing before it, twice over, in C and (public ones) in C++."""
import os
import shutil
import subprocess
import tempfile
import tree

WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Werror', '-fsyntax-only']
C = [('gcc', '-std=c11', '.c'), ('clang', '-std=c11', '.c')]
CXX = [('g++', '-std=c++11', '.cpp'), ('clang++', '-std=c++11', '.cpp')]
INTERNAL_FOLDERS = ['-Ilibvirtio', '-Iboot', '-Itest/unit', '-I.']


def compile_alone(files, path, compiler, folder):
    name, standard, ending = compiler
    unit = os.path.join(folder, 'unit' + ending)
    with open(unit, 'w', encoding='utf-8') as file:
        file.write(f'#include "{files.absolute(path)}"\n' * 2 + 'int main(void);\n')
    extra = [] if path.startswith('include/') else INTERNAL_FOLDERS
    command = [name, standard] + WARNINGS + ['-Iinclude'] + extra + [unit]
    run = subprocess.run(command, cwd=files.root, text=True, capture_output=True)
    if run.returncode:
        first = next((line for line in run.stderr.split('\n') if 'error' in line), run.stderr[:200])
        yield f'{path}: does not compile alone with {name} {standard}: {first.replace(files.root + "/", "")}'


def check(files):
    present = [c for c in C + CXX if shutil.which(c[0])]
    if not present:
        raise tree.Skip('there is no compiler')
    public = files.under('include/', ends=('.h',))
    internal = files.under('libvirtio/', 'boot/', ends=('.h',))
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        for compiler in present:
            for path in public + (internal if compiler in C else []):
                problems += compile_alone(files, path, compiler, folder)
    missing = [c[0] for c in C + CXX if c not in present]
    return problems, (f'{len(public)} public and {len(internal)} internal headers compile alone with '
                      + ', '.join(c[0] for c in present) + (f' (not here: {", ".join(missing)})' if missing else ''))
