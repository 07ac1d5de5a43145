# SPDX-License-Identifier: ISC
"""Static analysers, one file at a time, on all processors. A file that was found clean is looked at again when it, a
header or the way of looking has changed. What they say is a problem; what is none says so at its place, and why."""
import concurrent.futures
import hashlib
import os
import re
import shutil
import subprocess
import tree

CACHE = os.path.join(os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'), 'libvirtio-lint')
TIDY = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '.clang-tidy'))
FLAGS = ['-std=c11', '-ffreestanding', '-Iinclude', '-Ilibvirtio', '-Iboot']


def judge(names, version):
    """The first of the programs NAMES that is there in VERSION."""
    for name in names:
        if shutil.which(name):
            told = subprocess.check_output([name, '--version'], text=True)
            if re.search(rf'\b{re.escape(version)}\b', told):
                return name
    raise tree.Skip(f'{names[-1]} {version} is not installed, and other versions judge differently')


def fingerprint(files, path, command):
    """Changes with the file, with what it includes, and with what the analyser is told."""
    text = subprocess.run(['gcc', '-E', '-CC', *FLAGS, path], cwd=files.root, capture_output=True, check=False)
    with open(TIDY, 'rb') as config:
        return hashlib.sha256(b'\0'.join([text.stdout, repr(command).encode(), config.read()])).hexdigest()


def analyse(files, path, command, finding):
    """What COMMAND says of PATH: the matches of FINDING, or all of it when it failed without one."""
    clean = os.path.join(CACHE, fingerprint(files, path, command))
    if os.path.exists(clean):
        return []
    run = subprocess.run([*command, path], cwd=files.root, text=True, check=False, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    problems = [match.group().strip() for match in finding.finditer(run.stdout)]
    if not problems and run.returncode:
        problems = [f'{path}: {command[0]} failed: {run.stdout.strip()[-400:]}']
    if not problems:
        os.makedirs(os.path.dirname(clean), exist_ok=True)
        with open(clean, 'w', encoding='utf-8'):
            pass
    return problems


def check(files, folders, command, finding):
    paths = files.under(*folders, ends=('.c',))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda path: analyse(files, path, command, finding), paths)
        problems = sorted({problem for problems in found for problem in problems})
    return problems, f'{len(paths)} files'
