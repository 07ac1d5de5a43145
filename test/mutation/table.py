# SPDX-License-Identifier: ISC
"""Breaks of the library on purpose, in the .txt files beside this: each takes a rule away, and names who must see it.

    mutant WHAT IS WRONG THEN
    file libvirtio/...
    holds RING-01 ...          the lines of test/requirements.md that it breaks
    tests split ...            the tests of test/unit, without test_, that must all turn red
    sample                     tools/test tries this one each time
     a line that stays, where the others stand more than once
    -a line that goes
    +a line in its place

What no test can see, such as a compiler barrier on x86, is not in them: conformance.md says "source" of it.
"""
import dataclasses
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Mutant:
    """One of them: the place in PATH where OLD stands becomes NEW."""
    name: str
    path: str = ''
    holds: list = dataclasses.field(default_factory=list)
    tests: list = dataclasses.field(default_factory=list)
    sample: bool = False
    old: str = ''
    new: str = ''

    def read(self, line):
        """Take one line of the description."""
        if line[0] in ' -+':
            self.old += line[1:] + '\n' if line[0] in ' -' else ''
            self.new += line[1:] + '\n' if line[0] in ' +' else ''
            return
        word, _, rest = line.partition(' ')
        if word == 'file':
            self.path = rest
        elif word == 'sample':
            self.sample = True
        elif word in ('holds', 'tests'):
            setattr(self, word, rest.split())
        else:
            raise ValueError(f'"{self.name}": no line begins with {word}')


def parse(text):
    """The mutants in a text."""
    found = []
    for line in text.split('\n'):
        if line.startswith('mutant '):
            found.append(Mutant(line.removeprefix('mutant ')))
        elif line and not line.startswith('#'):
            found[-1].read(line)
    return found


def load():
    """All of them."""
    return [mutant for path in sorted(HERE.glob('*.txt')) for mutant in parse(path.read_text(encoding='utf-8'))]
