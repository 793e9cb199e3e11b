"""Makes the book of the lessons: book.py FOLDER README.md STYLE.css PROGRAM...

The README says which lessons there are, in which order, under which headings, and what each is about. Beside it are
their sources, and GLOSSARY.md. Each program runs in a folder of its own, FOLDER/NAME/, where it leaves the pages that it
writes, and FOLDER/NAME.html is the lesson's page. Sources that the lessons name have pages in FOLDER/source/. The book
needs no network and no server.
"""
import concurrent.futures
import html
import os
import re
import shutil
import subprocess
import sys

KEYWORDS = set('''auto bool break case char class concept const constexpr continue default double else enum explicit false
    float for if inline int namespace new nullptr operator override private protected public requires return sizeof
    static static_cast struct switch template this throw true try catch typename using virtual void while'''.split())
TOKEN = re.compile(r'''(?P<c>//.*) | (?P<d>^\s*\#\s*\w+) | (?P<s>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])+'|(?<=include\ )<[^>]+>)
    | (?P<n>(?<![\w.])\d[\d']*(?:\.\d+)?(?:e[+-]?\d+)?[fu]?\b) | (?P<k>\b[a-z_]+\b)''', re.VERBOSE)
KEYS = '''addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const link = document.querySelector({n: "a[rel=next]", p: "a[rel=prev]"}[event.key] ?? "_");
  if (link) link.click();
});'''


class Lesson:
    def __init__(self, folder, name, part, about):
        self.name, self.part, self.about = name, part, about
        self.source = read(os.path.join(folder, name + '.cpp')).split('\n')
        heading = re.match(r'/// Lesson (\d+): (.+)\.$', self.source[0])
        assert heading, f'{name}.cpp does not begin with "/// Lesson N: what it is about."'
        self.number, title = int(heading[1]), heading[2]
        self.title = title[0].upper() + title[1:]
        self.page = name + '.html'
        headers = re.findall(r'#include "examples/lessons/(.+)"', '\n'.join(self.source))
        self.headers = [(header, read(os.path.join(folder, header)).split('\n')) for header in headers]

    def run(self, folder, program):
        """Runs it; what it has printed and the pages that it has written."""
        place = os.path.join(folder, self.name)
        os.makedirs(place)
        self.output = subprocess.run([program], cwd=place, check=True, capture_output=True, text=True, encoding='utf-8').stdout
        self.players = sorted(file for file in os.listdir(place) if file.endswith('.html'))


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def lessons_of(readme):
    """The README's rows `| [name](name.cpp) | about |`, with the heading `## part` above each."""
    part, lessons = '', []
    for line in read(readme).split('\n'):
        if line.startswith('## '):
            part = line[3:]
        elif row := re.match(r'\| \[(\w+)\]\(\1\.cpp\) \| (.+) \|$', line):
            lessons.append(Lesson(os.path.dirname(readme), row[1], part, row[2]))
    return lessons


class Book:
    def __init__(self, folder):
        """`folder` is that of the lessons."""
        self.folder, self.root = folder, os.path.join(folder, '..', '..')
        self.lessons = lessons_of(os.path.join(folder, 'README.md'))
        self.by_number = {lesson.number: lesson for lesson in self.lessons}
        self.sources = set()  # that pages lead to, by their paths from the root

    def source_link(self, path, shown):
        """The markup `shown` as a link to the page of a source, if there is such a source: from the root, or of the lessons."""
        for name in (path, 'examples/lessons/' + path):
            if os.path.isfile(os.path.join(self.root, name)):
                self.sources.add(name)
                return f'<a href="source/{name}.html">{shown}</a>'
        return shown

    def inline(self, text, here):
        """Text with `code`, and with links to other lessons where it names them."""
        def link(match):
            lesson = self.by_number.get(int(match[2]))
            return f'{match[1]}<a href="{lesson.page}">{match[2]}</a>' if lesson and lesson is not here else match[0]
        text = re.sub(r'`([^`]+)`', r'<code>\1</code>', html.escape(text, quote=False))
        text = re.sub(r'(?<![\w*])\*(\w[\w ]*)\*(?![\w*])', r'<em>\1</em>', text)
        text = re.sub(r'\b([\w/]+\.(?:h|cpp))\b', lambda file: self.source_link(file[1], f'<code>{file[1]}</code>'), text)
        text = re.sub(r'\b([Ll]esson )(\d+)', link, text)
        return re.sub(r'\b([Ll]essons )\d+(?:, \d+)*(?: (?:and|to) \d+)+',
                      lambda list_of: re.sub(r'()(\d+)', link, list_of[0]), text)

    def prose(self, lines, here):
        """Paragraphs, and what is indented by four, as formulas are."""
        result, paragraph, formula = [], [], []

        def end():
            if paragraph:
                result.append(f'<p>{self.inline(" ".join(paragraph), here)}</p>')
            while formula and not formula[-1]:
                formula.pop()
            if formula:
                result.append('<pre class="math">' + html.escape('\n'.join(formula), quote=False) + '</pre>')
            paragraph.clear()
            formula.clear()
        for line in lines:
            if line.startswith('    '):
                if paragraph:
                    end()
                formula.append(line[4:].rstrip())
            elif line.strip():
                if formula:
                    end()
                paragraph.append(line.strip())
            elif formula:
                formula.append('')
            else:
                end()
        end()
        return ''.join(result)

    def program(self, lines, first, here):
        """The source from line `first` on, comments that fill lines beside the code that follows them."""
        rows, comment, code = [], [], []

        def end():
            while code and not code[-1][1].strip():
                code.pop()
            while code and not code[0][1].strip():
                code.pop(0)
            if comment or code:
                text = ''.join(f'<div class="line"><i>{number}</i><span>{self.linked(highlighted(line))}</span></div>' for number, line in code)
                rows.append(f'<div class="row"><div class="prose">{self.prose(comment, here)}</div><div class="code">{text}</div></div>')
            comment.clear()
            code.clear()
        for number, line in enumerate(lines[first - 1:], first):
            match = re.match(r'\s*///?(?: (.*)|)$', line)
            if match:
                if code:
                    end()
                comment.append(match[1] or '')
            elif comment and not code and not line.strip():
                end()  # a remark on the code above it
            else:
                code.append((number, line))
        end()
        return '<div class="program">' + ''.join(rows) + '</div>'

    def linked(self, markup):
        """A highlighted line; the file that it includes is a link."""
        return re.sub(r'(#include</b> <b class="s">)"([^"]+)"',
                      lambda include: include[1] + self.source_link(include[2], f'"{include[2]}"'), markup)

    def source_page(self, path):
        back = '../' * (path.count('/') + 1)
        lines = read(os.path.join(self.root, path)).rstrip('\n').split('\n')
        code = ''.join(f'<div class="line"><i>{number}</i><span>{highlighted(line)}</span></div>' for number, line in enumerate(lines, 1))
        return page(path, f'<nav><span><a href="{back}index.html">Contents</a></span></nav><main><h1>{path}</h1>'
                    f'<div class="program"><div class="code">{code}</div></div></main>', back)

    def glossary_page(self):
        rows = re.findall(r'^\| (.+?) \| (.+) \|$', read(os.path.join(self.folder, 'GLOSSARY.md')), re.MULTILINE)[1:]
        words = ''.join(f'<dt>{self.inline(word, None)}</dt><dd>{self.inline(text, None)}</dd>' for word, text in rows)
        return page('Gradus: words', '<nav><span><a href="index.html">Contents</a></span></nav><main><h1>Words</h1>'
                    f'<dl class="words">{words}</dl></main>')

    def lesson_page(self, lesson):
        place = self.lessons.index(lesson)
        before = self.lessons[place - 1] if place > 0 else None
        after = self.lessons[place + 1] if place + 1 < len(self.lessons) else None
        links = ('<span>' + (f'<a rel="prev" href="{before.page}">← {html.escape(before.title)}</a> <kbd>p</kbd>' if before else '') +
                 '</span><span><a href="index.html">Contents</a> · <a href="glossary.html">Words</a></span><span>' +
                 (f'<kbd>n</kbd> <a rel="next" href="{after.page}">{html.escape(after.title)} →</a>' if after else '') + '</span>')
        end = next(i for i, line in enumerate(lesson.source) if not line.startswith('///'))
        explanation = [line[4:] for line in lesson.source[1:end]]
        parts = ['<a href="#program">program</a>', '<a href="#output">output</a>']
        if lesson.players:
            parts.append('<a href="#player">step through it</a>')
        body = [f'<nav aria-label="Lessons">{links}</nav><main><h1>Lesson {lesson.number}: {html.escape(lesson.title)}</h1>',
                f'<p class="parts">On this page: {" · ".join(parts)}</p>',
                f'<div class="explanation">{self.prose(explanation, lesson)}</div>',
                f'<h2 id="program">The program</h2><p class="parts">{self.source_link(lesson.name + ".cpp", lesson.name + ".cpp")}</p>{self.program(lesson.source, end + 1, lesson)}']
        for header, source in lesson.headers:
            body.append(f'<details><summary><code>{header}</code>, which it includes</summary>{self.program(source, 1, lesson)}</details>')
        body.append(f'<h2 id="output">What it prints</h2><pre class="output" tabindex="0">{html.escape(lesson.output, quote=False)}</pre>')
        for i, player in enumerate(lesson.players):
            file = f'{lesson.name}/{player}'
            body.append(f'<h2{" id=player" if i == 0 else ""}>Step through it</h2><p class="parts">Click into it, then → and ← step, '
                        f'and space plays. <a href="{file}">{player} on a page of its own</a></p>'
                        f'<iframe class="player" src="{file}" title="The player of lesson {lesson.number}" loading="lazy"></iframe>')
        body.append(f'</main><nav class="end" aria-label="Lessons, at the end">{links.replace(" rel=", " data-rel=")}</nav><script>{KEYS}</script>')
        return page(f'Lesson {lesson.number}: {lesson.title}', ''.join(body))

    def contents(self):
        first = self.lessons[0]
        body = ['<main><h1>Gradus: from one multiplication to a trained translator</h1><div class="explanation"><p>Each lesson is a short '
                'program. A page has what it is about, its source with the comments beside the code, what it prints, and mostly a player '
                'that goes through it step by step, forward and backward. Whoever knows the chain rule can begin.</p>'
                f'<p><a rel="next" href="{first.page}">Begin with lesson {first.number}</a> <kbd>n</kbd></p>'
                '<p>What words such as logits, LSTM or tape mean: <a href="glossary.html">words</a></p></div>']
        for i, lesson in enumerate(self.lessons):
            if i == 0 or lesson.part != self.lessons[i - 1].part:
                body.append(('</ul>' if i > 0 else '') + f'<h2>{html.escape(lesson.part)}</h2><ul class="lessons">')
            body.append(f'<li><span class="number">{lesson.number}</span><a href="{lesson.page}">{html.escape(lesson.title)}</a>'
                        f'<span>{self.inline(lesson.about, lesson)}</span></li>')
        body.append(f'</ul></main><script>{KEYS}</script>')
        return page('Gradus: the lessons', ''.join(body))


def highlighted(line):
    def mark(match):
        kind, text = match.lastgroup, html.escape(match[0], quote=False)
        return text if kind == 'k' and match[0] not in KEYWORDS else f'<b class="{kind}">{text}</b>'
    result, end = [], 0
    for match in TOKEN.finditer(line):
        result += [html.escape(line[end:match.start()], quote=False), mark(match)]
        end = match.end()
    return ''.join(result) + html.escape(line[end:], quote=False)


def page(title, body, back=''):
    """A page of the book; `back` leads from its folder to that of the book."""
    return ('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, '
            f'initial-scale=1">\n<title>{html.escape(title)}</title>\n<link rel="stylesheet" href="{back}style.css">\n</head>\n<body>\n{body}\n</body>\n</html>\n')


def main(folder, readme, style, *programs):
    book = Book(os.path.dirname(readme))
    of_name = {os.path.basename(program): os.path.abspath(program) for program in programs}
    missing = of_name.keys() ^ {lesson.name for lesson in book.lessons}
    assert not missing, f'lessons of the README and programs differ: {sorted(missing)}'
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda lesson: lesson.run(folder, of_name[lesson.name]), book.lessons))
    own_style = os.path.join(os.path.dirname(readme), 'book.css')
    files = {'style.css': read(style) + read(own_style), 'index.html': book.contents(), 'glossary.html': book.glossary_page()}
    files.update((lesson.page, book.lesson_page(lesson)) for lesson in book.lessons)
    files.update((f'source/{path}.html', book.source_page(path)) for path in book.sources)
    for name, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
            file.write(text)
    print(os.path.join(folder, 'index.html'))


main(*sys.argv[1:])
