"""What Doxygen reads of a header: the declarations of namespace gradus that a user may name, each with its comment.

A reader of a header sees what a comment is about; Doxygen wants one at each declaration. So a comment is repeated where it goes
for more than one: for the functions below it up to a blank line (in a class: for those of the same name), for all variables of a
line, and that of a class for its constructors and its operator(). Left out are private parts, namespace detail, destructors, and
what is deleted. Formulas and code, which comments indent by four, get the blank lines that Markdown needs.
"""
import re

# What is the same with every class of C++.
IDIOMS = {'begin': 'The first one, for loops.', 'end': 'Behind the last one, for loops.', 'operator==': 'Whether all is equal.',
          'operator*': 'What it stands at.', 'operator++': 'Goes on to the next one.'}
SCOPE = re.compile(r'(namespace|class|struct)\b *(?:alignas\(\d+\) )?([\w:]*)(?:<.*>)?[^;()]*\{')
CODE = re.compile(r'(`[^`]*`)')
VARIABLE = r'\w+(?: = [^,]+|\{[^}]*\})?'
VARIABLES = re.compile(rf'( *(?:static |constexpr |inline |extern |const )*[\w:]+(?:<[^()]*>)?[*&]? )({VARIABLE}(?:, {VARIABLE})+);( *///<.*)?$')


def prose(text):
    """A line of a comment with what is markup to Doxygen, but not meant so, escaped; not in `code`."""
    parts = CODE.split(text)
    parts[::2] = [re.sub(r'([@\\]|<(?=[/a-z])|^ *[-+#>](?= ))', r'\\\1', part) for part in parts[::2]]
    return ''.join(parts)


def doc(comment):
    """The lines of a comment, [(number, text)], as Doxygen and its Markdown take them."""
    result, was_code = [], False
    for number, text in comment:
        is_code = text.startswith('    ')
        if text.strip() and is_code != was_code:
            result.append((number, '///'))
        was_code = is_code if text.strip() else was_code
        result.append((number, '/// ' + (text if is_code else prose(text))))
    return result


def indent_of(line):
    return len(line) - len(line.lstrip())


def name_of(declaration):
    """The name of a function or type alias that is declared, or of the first variable."""
    text = re.sub(r'\[\[.*?\]\]|= *delete|template *<[^()]*?> (?=[\w:]+ )', '', declaration)
    if match := re.search(r'(operator\(\)|operator *[^\s\w(]+|operator [\w:<> ]+|~?\w+)\(', text):
        return match[1].replace('operator ', 'operator')
    return re.split(r'[;={]', text)[0].split()[-1]


class Scope:
    def __init__(self, kind, name, indent, comment):
        self.kind, self.name, self.comment = kind, name, comment
        self.indent = indent + (0 if kind == 'namespace' else 2)  # of its members
        self.public = kind != 'class'
        self.covered = None  # the name and comment that go for the next declaration, too


class Header:
    def __init__(self, text):
        self.lines = text.split('\n')
        self.out = []  # (number of the line that it comes from, text)
        self.scopes = []
        self.comment = []
        self.head = []  # the comment of the file
        self.read()

    def read(self):
        i = 0
        while i < len(self.lines):
            i = self.take(i)
        self.out[:0] = [(1, '/// @file'), (1, '///'), *doc(self.head)]

    def take(self, i):
        """Takes the lines of what begins at line i; returns where the next begins."""
        line, scope = self.lines[i], self.scopes[-1] if self.scopes else None
        text = line.strip()
        if text.startswith('///') and not text.startswith('///<'):
            self.comment.append((i + 1, text[4:]))
        elif not text:
            self.blank(scope)
        elif text.startswith('#'):
            self.out += doc(self.head if text.startswith('#define') and '///<' not in line else [])
            self.out.append((i + 1, line))
        elif scope and re.match(r'\};?$', text) and indent_of(line) <= max(scope.indent - 2, 0):
            self.out.append((i + 1, line))
            self.scopes.pop()
        elif re.match(r'(public|protected|private):', text):
            scope.public = not text.startswith('private')
            self.out.append((i + 1, line))
        elif not text.startswith('//'):
            return self.declare(i, scope)
        return i + 1

    def blank(self, scope):
        if self.comment and not self.scopes:
            self.head = self.comment
        self.comment = []
        self.out.append((0, ''))
        if scope:
            scope.covered = None

    def emit_comment(self):
        self.out += doc(self.comment)
        self.comment = []

    def end_of(self, i):
        """Where the declaration ends that begins at line i."""
        indent = indent_of(self.lines[i])
        while not (re.search(r'(;|\{\}|\})( *//.*)?$', self.lines[i]) and (indent_of(self.lines[i]) == indent or self.balanced(i, indent))):
            i += 1
        return i + 1

    def balanced(self, i, indent):
        """Whether what begins above, at this indent, is closed at the end of line i."""
        first = i
        while indent_of(self.lines[first]) > indent or re.match(r' *(?:requires|[)}])', self.lines[first]):
            first -= 1
        text = re.sub(r'"(?:\\.|[^"])*"|\'.\'|//.*', '', '\n'.join(self.lines[first:i + 1]))
        return all(text.count(a) == text.count(b) for a, b in ('{}', '()'))

    def declare(self, i, scope):
        first = i
        while re.match(r' *(template <|requires )', self.lines[i]) and not re.search('[;{}]$', self.lines[i]):
            i += 1
        line = self.lines[i]
        match = SCOPE.match(line.strip())
        if match and self.end_of(i) > i + 1:
            if match[2] == 'detail' or scope and not scope.public or not scope and match[1] != 'namespace':
                self.comment = []
                return self.skip(i)
            if match[2].startswith('gradus'):
                line = 'namespace gradus {'
            self.scopes.append(Scope(match[1], match[2], indent_of(line), self.comment))
            self.emit_comment()
            self.out += [(number, self.lines[number - 1]) for number in range(first + 1, i + 1)] + [(i + 1, line)]
            return i + 1
        end = self.skip(i) if line.strip().startswith('enum') and line.endswith('{') else self.end_of(first)
        if scope and scope.public:
            self.member(first, end, scope)
        self.comment = []
        return end

    def skip(self, i):
        indent = indent_of(self.lines[i])
        while not re.match(' ' * indent + r'\}', self.lines[i]):
            i += 1
        return i + 1

    def member(self, i, end, scope):
        lines = list(enumerate(self.lines[i:end], i + 1))
        whole = ' '.join(text.strip() for _, text in lines if not text.lstrip().startswith('template <'))
        name = scope.name if re.search(rf'(?<!~)\b{scope.name}\(', whole) else name_of(whole)
        if name.startswith('~') or '= delete;' in lines[-1][1] or 'friend ' in lines[0][1]:
            return
        comment = self.comment or self.implied(name, scope)
        if self.comment and '(' in whole:
            scope.covered = (name, comment)
        for declaration in self.variables(lines) or [lines]:
            self.out += doc(comment) + declaration

    def implied(self, name, scope):
        """The comment that goes for a declaration which has none of its own, if any does."""
        if scope.covered and (scope.kind == 'namespace' or scope.covered[0] == name):
            return scope.covered[1]
        if name in IDIOMS and scope.kind != 'namespace':
            return [(0, IDIOMS[name])]
        if scope.name == 'unfused' or scope.kind != 'namespace' and name in (scope.name, 'operator()'):
            texts = [text for _, text in scope.comment]
            return scope.comment[:texts.index('')] if '' in texts else scope.comment
        return []

    @staticmethod
    def variables(lines):
        """Several variables of one line, each as a declaration of its own; nothing, if it is something else."""
        match = VARIABLES.match(lines[0][1])
        if not match or len(lines) > 1:
            return []
        return [[(lines[0][0], f'{match[1]}{variable};{match[3] or ""}')] for variable in re.split(r', (?=\w+(?:$| =|,|\{))', match[2])]


def read(text):
    """-> [(number of the line it comes from, text)]"""
    return Header(text).out
