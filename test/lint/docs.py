# SPDX-License-Identifier: ISC
"""Public headers are the manual: every function, struct, field and enum value has a comment of its own.

A comment counts when it stands right above, or behind on the last line. Also: every file says on top what it
is for, under its licence.
"""
import os
import re
import tree

WORD_ALONE = re.compile(r'^[ \t]*[A-Z_]+_DECLS[ \t]*$', re.M)
PREPROCESSOR = re.compile(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.M)
LICENCE = 'SPDX-License-Identifier: ISC'


class Header:
    """One header, as code without comments and comments without code, line by line in step."""

    def __init__(self, path, text):
        self.path = path
        blank = lambda m: re.sub(r'[^\n]', ' ', m.group())
        self.code = WORD_ALONE.sub(blank, PREPROCESSOR.sub(blank, tree.code_only(text)))
        self.comment_lines = tree.comments_only(text).split('\n')
        self.code_lines = self.code.split('\n')
        self.documented = set()
        self.count = 0
        self.problems = []

    def has_comment(self, first, last):
        """Whether there is a comment right above line FIRST, or behind the code of line LAST (or between)."""
        above = first - 2
        if above >= 0 and self.comment_lines[above].strip() and not self.code_lines[above].strip():
            return True
        return any(self.comment_lines[n - 1].strip() for n in range(first, last + 1))

    def judge(self, name, start, end, declared_before=False):
        """Count one thing that begins and ends at these positions, and report it without a comment. A function
        whose body follows its prototype is documented there."""
        first, last = tree.line_of(self.code, start), tree.line_of(self.code, end)
        self.count += 1
        if self.has_comment(first, last):
            self.documented.add(name)
        elif not (declared_before and name in self.documented):
            self.problems.append(f'{self.path}:{first}: {name} has no comment')

    def declarations(self, start, end, separator):
        """Cut a stretch of code at SEPARATOR outside of brackets: (first, last) positions of each piece."""
        depth, begin = 0, None
        for position in range(start, end):
            letter = self.code[position]
            if begin is None and not letter.isspace():
                begin = position
            depth += (letter in '({[') - (letter in ')}]')
            function_body = separator == ';' and letter == '}' and depth == 0 and self.is_function(begin, position)
            if begin is not None and depth == 0 and (letter == separator or function_body):
                yield begin, position
                begin = None
        if begin is not None and separator == ',':
            yield begin, begin + len(self.code[begin:end].rstrip()) - 1

    def is_function(self, begin, end):
        head = self.code[begin:end].split('{')[0]
        return '(' in head and '=' not in head

    def walk(self, start, end):
        for first, last in self.declarations(start, end, ';'):
            text = self.code[first:last + 1]
            head = text.split('{')[0].strip()
            if text == ';' or 'STATIC_ASSERT' in head or head.startswith(('_Static_assert', 'static_assert')):
                continue
            if re.fullmatch(r'(struct|union|enum)\s+\w+\s*;', text):
                continue
            opening = self.code.find('{', first, last)
            kind = re.match(r'(?:(?:static|const|extern|typedef)\s+)*(struct|union|enum)\b\s*(\w*)', head)
            if kind and opening >= 0 and not self.is_function(first, last):
                self.judge(head or 'anonymous', first, opening)
                self.inside(kind.group(1), opening + 1, self.code.rfind('}', first, last))
            else:
                body = opening >= 0
                self.judge(self.name_of(text), first, opening if body else last, declared_before=body)

    def inside(self, kind, start, end):
        if kind != 'enum':
            return self.walk(start, end)
        for first, last in self.declarations(start, end, ','):
            self.judge(re.match(r'\w+', self.code[first:]).group(), first, last)

    @staticmethod
    def name_of(text):
        text = re.sub(r'__attribute__\s*\(\(.*?\)\)|\bVIRTIO_PRINTF\([^)]*\)', '', text, flags=re.S)
        pointer = re.search(r'\(\s*\*\s*(\w+)', text)
        function = re.search(r'(\w+)\s*\(', text)
        variable = re.search(r'(\w+)\s*(\[[^;]*\])?\s*(=[^;]*)?;', text)
        if function and not (pointer and pointer.start() <= function.end()):
            return function.group(1)
        return (pointer or variable or re.search(r'(\w+)', text)).group(1)


def said_elsewhere(path, lines):
    """Whether a C file begins with its own header, which says it, or is named for the file that it tests."""
    name = os.path.basename(path)[:-2]
    includes = [line for line in lines if line.startswith('#include')]
    own_header = bool(includes) and re.search(rf'[</"]{name}\.h[>"]', includes[0])
    return path.endswith('.c') and (own_header or name.startswith('test_'))


def check_top(path, text):
    """The licence on the first line (behind #!), and what the file is for right after it."""
    lines = [line for line in text.split('\n') if not line.startswith('#!')]
    if LICENCE not in lines[0]:
        yield f'{path}:1: does not begin with "{LICENCE}"'
        return
    opening = r'/\*' if path.endswith(('.c', '.h', '.S', '.ld')) else r'#|"""'
    if path.endswith('meson.build') or said_elsewhere(path, lines[1:]):
        return
    if not re.match(opening, ''.join(lines[1:2])):
        yield f'{path}:2: does not say what the file is for'


def check(files):
    problems, count = [], 0
    sources = files.sources()
    for path in sources:
        problems += check_top(path, files.text(path))
    for path in files.under('include/', ends=('.h',)):
        header = Header(path, files.text(path))
        header.walk(0, len(header.code))
        problems += header.problems
        count += header.count
    return problems, f'{len(sources)} files say what they are for; {count} public things are documented'
