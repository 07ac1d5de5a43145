# SPDX-License-Identifier: ISC
"""The files that the checks look at, and small tools to look at C with."""
import os
import re
import subprocess


class Skip(Exception):
    """A check cannot run here; the text says why."""


class Tree:
    """A source tree: what git knows of it and what it would add, or every file where there is no git."""

    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.paths = sorted(p for p in self._listed() if os.path.isfile(self.absolute(p)))

    def _listed(self):
        if os.path.exists(os.path.join(self.root, '.git')):
            command = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
            return subprocess.check_output(command, cwd=self.root, text=True).split('\0')[:-1]
        found = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if not f.startswith('build') and f != '__pycache__']
            found += [os.path.relpath(os.path.join(folder, n), self.root) for n in names]
        return found

    def absolute(self, path):
        return os.path.join(self.root, path)

    def text(self, path):
        with open(self.absolute(path), encoding='utf-8', errors='replace') as file:
            return file.read()

    def under(self, *folders, ends=('',)):
        """The paths below some folders ('' is everything) with one of some endings."""
        return [p for p in self.paths if p.startswith(tuple(folders)) and p.endswith(tuple(ends))]

    def sources(self):
        """What people write and machines run: code, build files, and scripts whatever their name."""
        endings = ('.c', '.h', '.S', '.ld', '.py', '.sh', '.gdb', 'meson.build')
        scripts = [p for p in self.under('test/', 'tools/', '.ci/') if '.' not in os.path.basename(p)]
        return self.under('', ends=endings) + [p for p in scripts if self.text(p).startswith('#!')]


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def _blank(text):
    return re.sub(r'[^\n]', ' ', text)


def code_only(text, keep_strings=False):
    """C with its comments, and usually its string contents, turned into spaces; lines stay where they are."""
    def replace(match):
        token = match.group()
        if token.startswith('/'):
            return _blank(token)
        return token if keep_strings else token[0] + _blank(token[1:-1]) + token[0]
    return TOKEN.sub(replace, text)


def comments_only(text):
    """The other half: C with everything but its comments turned into spaces."""
    result, end = [], 0
    for match in TOKEN.finditer(text):
        result.append(_blank(text[end:match.start()]))
        result.append(match.group() if match.group().startswith('/') else _blank(match.group()))
        end = match.end()
    return ''.join(result) + _blank(text[end:])


def line_of(text, position):
    """The line number, from 1, of a position in a text."""
    return text.count('\n', 0, position) + 1
