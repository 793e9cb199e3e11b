#!/usr/bin/env python3
"""Plants a fault of each kind in a small repository, and expects lint.py to find it, in sources that it reads as one and in
such as do not compile together."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

LINT = Path(__file__).with_name('lint.py')

# {check: a source in which it finds something}
FAULTS = {
    'bugprone-use-after-move': '#include <utility>\nint moved(S s) { S t = std::move(s); t.n += s.n; return take(std::move(t)); }',
    'bugprone-integer-division': 'double half(int i) { return 0.5 + i / 2; }',
    'bugprone-suspicious-include': '#include "nn/empty.cpp"',
    'misc-unused-using-decls': 'using std::vector;',
    'modernize-use-override': 'struct A { virtual ~A() = default; virtual int f() { return 0; } };\n'
                              'struct B : A { virtual int f() { return 1; } };',
    'modernize-use-nullptr': 'const char* no_name() { return 0; }',
    'performance-for-range-copy': 'int sum(const std::vector<S>& all) { int n = 0; for (const S s : all) n += s.n; return n; }',
    'performance-move-const-arg': '#include <utility>\nint taken(const S& s) { return take(std::move(s)); }',
    'performance-unnecessary-copy-initialization': 'int first(const std::vector<S>& all) { const S s = all.front(); return s.n; }',
    'readability-container-size-empty': 'bool none(const std::vector<S>& all) { return all.size() == 0; }',
    'readability-misleading-indentation': 'int two(bool b) {\n  int n = 0;\n  if (b)\n    n = 1;\n    n += 2;\n  return n;\n}',
}
HEADER = '#pragma once\n#include <string>\n#include <vector>\nstruct S { std::string name; int n = 0; };\nint take(S s);\n'
TWIN = '#include "nn/s.h"\nnamespace {\nstruct Twin {};\n}\n'


class Lint(unittest.TestCase):
    def found(self, files):
        """The checks that speak up of each file: {(file, check)}."""
        with tempfile.TemporaryDirectory() as folder:
            root, commands = Path(folder).resolve(), []
            shutil.copy(LINT.parents[2] / '.clang-tidy', root)
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text + '\n')
                if name.endswith('.cpp') and text:
                    commands.append({'file': f'../{name}', 'command': f'c++ -I.. -Wall -Wextra -std=c++20 -o x.o -c ../{name}'})
            (root / 'build').mkdir()
            (root / 'build' / 'compile_commands.json').write_text(json.dumps(commands))
            run = subprocess.run([sys.executable, LINT, root / 'build', root], capture_output=True, text=True, check=False)
        found = {(os.path.relpath(os.path.normpath(line.split(':')[0]), root), line.rsplit('[', 1)[1].split(',')[0].rstrip(']'))
                 for line in run.stdout.splitlines() if line.endswith(']') and ': ' in line}
        self.assertEqual(run.returncode, 1 if found else 0, run.stdout + run.stderr)
        return found

    def test_faults_of_every_kind(self):
        files = {f'nn/{check}.cpp': f'#include "nn/s.h"\n{text}' for check, text in FAULTS.items()}
        expected = {(f'nn/{check}.cpp', check) for check in FAULTS}
        self.assertEqual(self.found({'nn/s.h': HEADER, 'nn/empty.cpp': '', **files}), expected)

    def test_sources_that_do_not_compile_together(self):
        files = {'nn/s.h': HEADER, 'nn/a.cpp': TWIN, 'nn/b.cpp': TWIN}
        self.assertEqual(self.found(files), set())
        files['nn/b.cpp'] += FAULTS['modernize-use-nullptr']
        self.assertEqual(self.found(files), {('nn/b.cpp', 'modernize-use-nullptr')})

    def test_a_source_that_does_not_compile(self):
        self.assertEqual(self.found({'nn/s.h': HEADER, 'nn/a.cpp': 'Unknown value;', 'nn/b.cpp': '#include "nn/s.h"'}),
                         {('nn/a.cpp', 'clang-diagnostic-error')})

    def test_a_header(self):
        self.assertEqual(self.found({'nn/s.h': HEADER + 'inline const char* none() { return 0; }', 'nn/s.cpp': '#include "nn/s.h"'}),
                         {('nn/s.h', 'modernize-use-nullptr')})


if __name__ == '__main__':
    if not shutil.which('clang-tidy'):
        print('skipped: no clang-tidy')
        sys.exit(77)
    unittest.main()
