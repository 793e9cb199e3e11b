"""Makes the reference of the library: make_reference.py DOXYGEN SOURCE BUILD VERSION writes BUILD/reference/html/index.html.

It has what the headers that Meson installs declare (read_header.py says how), the README as its main page, the pages of the
library's rooms, and the lessons, each with its source and what it prints. Every warning of Doxygen and every dead link is an
error. Without Doxygen it says so, and ends with 77, which is "skipped" to Meson.
"""
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys

import read_header

PAGES = ['README.md', 'CHANGELOG.md', 'ops/OP.md', 'examples/lessons/README.md', 'examples/lessons/GLOSSARY.md', 'nn/package/README.md']
FENCE = re.compile(r'(^```.*?^```$)', re.M | re.S)


def page_name(path):
    """What Doxygen calls the page of a file of Markdown."""
    return 'page_' + re.sub(r'\W', '_', str(path.parent / path.stem if path.stem != 'README' else path.parent))


class Reference:
    def __init__(self, source, build):
        self.source, self.folder = source, build / 'reference'
        self.text = self.folder / 'text'  # what Doxygen reads
        self.lines = {}  # of each file there: the numbers of the lines in the repository that its lines come from
        plan = json.loads((build / 'meson-info' / 'intro-install_plan.json').read_text(encoding='utf-8'))
        self.headers = sorted(pathlib.Path(path).relative_to(source) for path in plan['headers'])
        rooms = {header.parent / 'README.md' for header in self.headers}
        self.pages = sorted({*map(pathlib.Path, PAGES), *rooms})
        lessons = source / 'examples' / 'lessons'
        self.lessons = sorted(path.relative_to(source) for path in lessons.glob('[0-9]*.cpp'))

    def write(self, path, text, numbers):
        place = self.text / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding='utf-8')
        self.lines[str(place)] = (path, numbers)

    def write_header(self, path):
        lines = read_header.read((self.source / path).read_text(encoding='utf-8'))
        self.write(path, '\n'.join(text for _, text in lines), [number for number, _ in lines])

    def link(self, match, folder):
        """A link of a page as one of the reference: to a page, a lesson or a header. All others stay as their text."""
        text, target = match[1].replace('`', ''), match[2].partition('#')[0]
        if re.match('[a-z]+:', target):
            return f'[{text}]({target})'
        path = (self.source / folder / target).resolve().relative_to(self.source)
        if path / 'README.md' in self.pages:
            path = path / 'README.md'
        if path in self.lessons:
            return f'@subpage lesson_{path.stem} "{text}"' if folder == path.parent else f'[{text}](@ref lesson_{path.stem})'
        if path in self.pages:
            return f'[{text}](@ref {page_name(path)})'
        return f'[{text}](@ref {path})' if path in self.headers else match[1]

    def write_page(self, path):
        parts = FENCE.split((self.source / path).read_text(encoding='utf-8'))
        for i in range(0, len(parts), 2):
            text = re.sub(r'!\[([^]]*)\]\([^)]*/(\w+\.png)\)', r'<img src="\2" alt="\1" width="320"/>', parts[i])
            text = re.sub(r'(?<!!)\[([^]]*)\]\(([^)\s]+)\)', lambda match: self.link(match, path.parent), text)
            parts[i] = re.sub(r"(?<!`)`([^`\n]*'[^`\n]*)`", r'``\1``', text)  # an apostrophe ends `code` for Doxygen
        text = re.sub(r'^# .*$', lambda title: f'{title[0]} {{#{page_name(path)}}}', ''.join(parts), count=1, flags=re.M)
        inside = [f'@subpage {page_name(page)}' for page in self.pages if page != path and path.name == 'README.md' and self.above(page) == path]
        text += f'\nPages below this one: {", ".join(inside)}.\n' if inside else ''
        self.write(path, text, range(1, text.count('\n') + 2))

    def above(self, page):
        """The page that another one stands below: the nearest README."""
        folders = page.parents[1:] if page.name == 'README.md' else page.parents
        return next((folder / 'README.md' for folder in folders if folder / 'README.md' in self.pages), None)

    def write_lesson(self, path):
        title = re.match(r'/// (Lesson \d+): (.+)\.\n', (self.source / path).read_text(encoding='utf-8'))
        text = f'# {title[1]}: {title[2]} {{#lesson_{path.stem}}}\n\n@include {path.name}\n\n'
        if (self.source / path).with_suffix('.txt').exists():
            text += f'It prints:\n\n@verbinclude {path.stem}.txt\n'
        self.write(path.with_suffix('.md'), text, [1] * text.count('\n'))

    def settings(self, version):
        quoted = {'INPUT': self.text, 'STRIP_FROM_PATH': self.text, 'STRIP_FROM_INC_PATH': self.text,
                  'OUTPUT_DIRECTORY': self.folder, 'PROJECT_NUMBER': version,
                  'EXAMPLE_PATH': self.source / 'examples' / 'lessons', 'USE_MDFILE_AS_MAINPAGE': self.text / 'README.md',
                  'HTML_EXTRA_FILES': ' '.join(f'"{path}"' for path in (self.source / 'examples/translate/pictures').glob('*.png'))}
        return (pathlib.Path(__file__).with_name('Doxyfile').read_text(encoding='utf-8')
                + ''.join(f'{name} = {value}\n' for name, value in quoted.items()))

    def place(self, match):
        """A line of what Doxygen reads, as one of the repository."""
        path, numbers = self.lines.get(match[1], (match[1], []))
        line = int(match[2])
        return f'{path}:{numbers[line - 1] if 0 < line <= len(numbers) else line}:'

    def make(self, doxygen, version):
        shutil.rmtree(self.folder, ignore_errors=True)
        for write, paths in ((self.write_header, self.headers), (self.write_page, self.pages), (self.write_lesson, self.lessons)):
            for path in paths:
                write(path)
        run = subprocess.run([doxygen, '-'], input=self.settings(version), stderr=subprocess.PIPE, text=True, check=False)
        said = re.sub(r'^(/\S+?):(\d+):', self.place, run.stderr, flags=re.M)
        return [line for line in said.splitlines() if line] or (['doxygen failed'] if run.returncode else [])

    def dead_links(self):
        pages = {page.name: page.read_text(encoding='utf-8') for page in (self.folder / 'html').glob('*.html')}
        for name, text in sorted(pages.items()):
            for link in sorted(set(re.findall(r'(?:href|src)="([^":]+)"', text))):
                file, _, anchor = html.unescape(link).partition('#')
                file = file or name
                known = pages.get(file)
                if not (self.folder / 'html' / file).exists() or anchor and known and not re.search(rf'(?:id|name)="{re.escape(anchor)}"', known):
                    yield f'{name}: dead link {link}'


def main():
    doxygen, source, build, version = sys.argv[1:]
    if not shutil.which(doxygen):
        print('reference: no doxygen; need the Debian package doxygen, then `meson setup --reconfigure`')
        return 77
    reference = Reference(pathlib.Path(source), pathlib.Path(build))
    faults = reference.make(doxygen, version) or list(reference.dead_links())
    print('\n'.join(faults) or f'reference: {reference.folder / "html" / "index.html"}')
    return 1 if faults else 0


sys.exit(main())
