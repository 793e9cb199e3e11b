#!/usr/bin/env python3
"""clang-tidy over all that is shipped, compiled as a build's compile_commands.json says. Prints what it finds, and fails then.

    lint.py BUILD [REPOSITORY]

Nearly all of its time goes to the headers that the sources of a room share. So a room is read as one source, which includes
its others. Where these do not compile together, as commands do not that all call their arguments so, each is read by itself; so is
one with a using-declaration, which is to be used there, not elsewhere in the room.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(sys.argv[2] if len(sys.argv) > 2 else Path(__file__).parents[2]).resolve()


def sources_to_read(build):
    """{(room or source, its macros): {source: its other flags}}; of a source that is compiled in both precisions the first."""
    rooms, seen = {}, set()
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        source = Path(build, entry['file']).resolve()
        if source in seen or source.suffix != '.cpp' or not source.is_relative_to(ROOT) or source.is_relative_to(build):
            continue
        seen.add(source)
        room = source if re.search(r'^ *using [\w:]+;', source.read_text(), re.MULTILINE) else source.parent
        flags = [flag for flag in entry['command'].split() if flag.startswith(('-I', '-isystem', '-std', '-W', '-D'))]
        macros = tuple(flag for flag in flags if flag.startswith('-D'))
        rooms.setdefault((room, macros), {})[source] = [flag for flag in flags if flag not in macros]
    return rooms


def tidy(build, unit, sources, flags):
    """What clang-tidy says of sources that are read as one, and whether they compile; it may crash where they don't."""
    path = sources[0]
    if len(sources) > 1:
        path = build / 'rooms' / f'{unit}.cpp'
        path.write_text(''.join(f'#include "{source}"  // NOLINT(bugprone-suspicious-include)\n' for source in sources))
    run = subprocess.run(['clang-tidy', '--quiet', f'--config-file={ROOT}/.clang-tidy', path, '--', *flags, '-Wno-error'],
                         cwd=build, capture_output=True, text=True)
    if run.returncode == 0:
        return '', True
    return run.stdout or run.stderr, bool(run.stdout) and '[clang-diagnostic-error' not in run.stdout


def lint(build, unit, room):
    """What it says of a room."""
    (_, macros), sources = room
    flags = [*macros, *dict.fromkeys(flag for others in sources.values() for flag in others)]
    found, compiles = tidy(build, unit, list(sources), flags)
    if not compiles and len(sources) > 1:
        found = ''.join(tidy(build, unit, [source], flags)[0] for source in sources)
    return found


def main():
    build = Path(sys.argv[1]).resolve()
    (build / 'rooms').mkdir(exist_ok=True)
    rooms = sorted(sources_to_read(build).items(), key=lambda room: -len(room[1]))  # the longest first
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = ''.join(pool.map(lambda item: lint(build, *item), enumerate(rooms)))
    print(found, end='')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
