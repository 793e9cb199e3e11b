#!/usr/bin/env python3
"""Checks that the repository keeps to its table of rooms, tests/rooms.txt, and prints `file:line: problem` if not.

    check_rooms.py [REPOSITORY]
"""

import fnmatch
import os
import re
import sys
from collections import defaultdict
from pathlib import Path

TABLE = 'tests/rooms.txt'
MAX_SOURCES, MAX_LINES, MAX_README_LINES = 25, 400, 40
CPP, SOURCES = ('.h', '.cpp'), ('.h', '.cpp', '.py', '.sh')
INCLUDE = re.compile(r'\s*#\s*include\s*(<[^>]+>|"[^"]+")')


class Table:
    """`room: rooms` and `only FILES: HEADERS`, with the line that each stands on."""

    def __init__(self, root):
        self.rooms, self.line, self.only, self.problems = {}, {}, [], []
        for number, text in enumerate((root / TABLE).read_text().splitlines(), 1):
            head, colon, rest = text.partition('#')[0].partition(':')
            if not head.strip():
                continue
            if not colon:
                self.problems.append(f'{TABLE}:{number}: neither "room: rooms" nor "only files: headers"')
            elif head.startswith('only '):
                self.only.append((head.split()[1:], rest.split(), number))
            elif head.strip() in self.rooms:
                self.problems.append(f'{TABLE}:{number}: room {head.strip()} stands here a second time')
            else:
                self.rooms[head.strip()], self.line[head.strip()] = rest.split(), number
        for room, others in self.rooms.items():
            for other in others:
                if other not in self.rooms:
                    self.problems.append(f'{TABLE}:{self.line[room]}: {other} is no room of the table')

    def reachable(self, room):
        """The rooms that it may include: those it names, and those that they may include."""
        found, new = set(), [room]
        while new:
            others = [other for other in self.rooms.get(new.pop(), []) if other not in found]
            found.update(others)
            new += others
        return found


def circle(edges):
    """The nodes of a circle, the first one again at the end; None if there is none."""
    done = set()

    def search(node, path):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        for other in edges.get(node, []):
            if found := search(other, path + [node]):
                return found
        done.add(node)
        return None

    return next((found for node in list(edges) if (found := search(node, []))), None)


def files_of(root):
    """All files but those of hidden folders and of builds, as paths below the root."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders
                            if not name.startswith('.') and not (Path(folder) / name / 'meson-private').is_dir())
        for name in sorted(names):
            yield (Path(folder) / name).relative_to(root).as_posix()


def check_includes(root, table, sources):
    problems, units, place = [], defaultdict(lambda: defaultdict(list)), {}
    for file in sources:
        room = os.path.dirname(file)
        for number, text in enumerate((root / file).read_text().splitlines(), 1):
            match = INCLUDE.match(text)
            if not match:
                continue
            where, header = f'{file}:{number}: includes {match[1]}', match[1][1:-1]
            for allowed, headers, line in table.only:
                if any(fnmatch.fnmatch(match[1], h) for h in headers) and not any(
                        fnmatch.fnmatch(file, a) for a in allowed):
                    problems.append(f'{where}, which only {" ".join(allowed)} may ({TABLE}:{line})')
            if match[1][0] == '<':
                continue
            other, unit, used = os.path.dirname(header), os.path.splitext(file)[0], os.path.splitext(header)[0]
            if not (root / header).is_file():
                problems.append(f'{where}, but there is no such file; paths begin at the root of the repository')
            elif room == other:
                if unit != used:
                    units[room][unit].append(used)
                    place.setdefault((unit, used), f'{file}:{number}')
            elif room in table.rooms and other not in table.reachable(room):
                problems.append(f'{where}; {room} may not include {other} ({TABLE}:{table.line[room]})')
    for edges in units.values():
        if path := circle(edges):
            problems.append(f'{place[path[0], path[1]]}: units include each other in a circle: {" -> ".join(path)}')
    return problems


def check_builds(root, files):
    """Sources that no meson.build names, with or without their ending: nobody would compile them."""
    named = set()
    for build in files:
        if os.path.basename(build) == 'meson.build':
            for name in re.findall(r"'([^'\n]+)'", (root / build).read_text()):
                named.add(os.path.splitext(os.path.normpath(os.path.join(os.path.dirname(build), name)))[0])
    return [f'{file}:1: no meson.build names {os.path.basename(file)}, so that nobody compiles it'
            for file in files if file.endswith('.cpp') and os.path.splitext(file)[0] not in named]


def check_sizes(root, table, files):
    problems, sources = [], defaultdict(list)
    for file in files:
        if file.endswith(CPP):
            sources[os.path.dirname(file)].append(file)
        if file.endswith(SOURCES):
            lines = len((root / file).read_text().splitlines())
            if lines > MAX_LINES:
                problems.append(f'{file}:{lines}: {lines} lines; a source has at most {MAX_LINES}')
    for folder, here in sources.items():
        if folder not in table.rooms:
            problems.append(f'{here[0]}:1: the folder {folder or "."} is no room of {TABLE}')
        if len(here) > MAX_SOURCES:
            problems.append(f'{here[-1]}:1: {len(here)} sources in {folder}; a room has at most {MAX_SOURCES}')
    for room, line in table.line.items():
        readme = root / room / 'README.md'
        if not (root / room).is_dir():
            problems.append(f'{TABLE}:{line}: there is no folder {room}')
        elif not readme.is_file():
            problems.append(f'{TABLE}:{line}: the room {room} has no README.md')
        elif (lines := len(readme.read_text().splitlines())) > MAX_README_LINES:
            problems.append(f'{room}/README.md:{lines}: {lines} lines; the README of a room has at most '
                            f'{MAX_README_LINES}')
    return problems


def check(root):
    """The problems of the repository at `root`, a line each; none if all is well."""
    root = Path(root)
    table = Table(root)
    problems = list(table.problems)
    if path := circle(table.rooms):
        problems.append(f'{TABLE}:{table.line[path[0]]}: rooms include each other in a circle: {" -> ".join(path)}')
    files = list(files_of(root))
    problems += check_includes(root, table, [file for file in files if file.endswith(CPP)])
    return problems + check_builds(root, files) + check_sizes(root, table, files)


if __name__ == '__main__':
    found = check(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
    print('\n'.join(found), end='\n' if found else '')
    sys.exit(1 if found else 0)
