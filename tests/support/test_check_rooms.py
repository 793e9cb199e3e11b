#!/usr/bin/env python3
"""Breaks each rule of the table of rooms in a small repository, and expects check_rooms.py to name it, and only it."""

import unittest

from checker_test import CheckerTest

TABLE = '''# a comment
core:
ops: core
app: ops   # and so core
only ops/blas.cpp: <cblas.h> <blas/*>
'''
FILES = {
    'core/README.md': 'The core.\n',
    'core/tape.h': '#include <vector>\n#include "core/tensor.h"\n',
    'core/tape.cpp': '#include "core/tape.h"\n',
    'core/tensor.h': '#include <array>\n',
    'ops/README.md': 'The ops.\n',
    'ops/blas.cpp': '#include <cblas.h>\n  #  include  "core/tensor.h"\n',
    'app/README.md': 'The app.\n',
    'app/main.cpp': '#include "core/tape.h"\n// #include "nowhere.h"\n',
    'meson.build': "executable('app', 'app/main.cpp', 'app/z.cpp', 'core/tensor.cpp', 'extra/new.cpp', 'main.cpp')\n"
                   "foreach room : ['core', 'ops']\n  subdir(room)\nendforeach\n",
    'core/meson.build': "sources += files('tape.cpp')\n",
    'ops/meson.build': "foreach source : ['blas']\n  sources += files(source + '.cpp')\nendforeach\n",
    'build/meson-private/sanitycheck.cpp': '#include "nowhere.h"\n',
    'build/made.cpp': '#include "nowhere.h"\n',
}


class CheckRooms(CheckerTest):
    def expect(self, problems, files=None, table=TABLE):
        self.expect_of('check_rooms.py', problems, {**FILES, 'tests/rooms.txt': table, **(files or {})})

    def test_nothing_is_wrong(self):
        self.expect([])

    def test_a_room_that_may_not_be_included(self):
        self.expect(['core/tensor.h:2: includes "ops/add.h"; core may not include ops (tests/rooms.txt:2)'],
                    {'core/tensor.h': '#include <array>\n#include "ops/add.h"\n', 'ops/add.h': ''})

    def test_a_file_that_does_not_exist(self):
        self.expect(['app/main.cpp:1: includes "tape.h", but there is no such file; paths begin at the root of the '
                     'repository'], {'app/main.cpp': '#include "tape.h"\n', 'app/own.h': ''})

    def test_a_folder_that_is_no_room(self):
        self.expect(['extra/new.cpp:1: the folder extra is no room of tests/rooms.txt'], {'extra/new.cpp': ''})

    def test_a_source_that_is_in_no_folder(self):
        self.expect(['main.cpp:1: the folder . is no room of tests/rooms.txt'], {'main.cpp': ''})

    def test_a_source_that_nobody_compiles(self):
        self.expect(['ops/tape.cpp:1: no meson.build names tape.cpp, so that nobody compiles it'], {'ops/tape.cpp': ''})
        self.expect([], {'ops/tape.cpp': '', 'core/meson.build': "sources += files('tape.cpp', '../ops/tape.cpp')\n"})

    def test_rooms_in_a_circle(self):
        self.expect(['tests/rooms.txt:1: rooms include each other in a circle: core -> app -> ops -> core'],
                    table='core: app\nops: core\napp: ops\nonly ops/blas.cpp: <cblas.h>\n')

    def test_units_in_a_circle(self):
        self.expect(['core/tape.h:2: units include each other in a circle: core/tape -> core/tensor -> core/tape'],
                    {'core/tensor.cpp': '#include "core/tensor.h"\n#include "core/tape.h"\n'})

    def test_too_many_sources(self):
        self.expect(['app/z.cpp:1: 26 sources in app; a room has at most 25'],
                    {**{f'app/b{i:02}.h': '' for i in range(24)}, 'app/z.cpp': ''})

    def test_as_many_sources_as_a_room_may_have(self):
        self.expect([], {f'app/b{i:02}.h': '' for i in range(24)})

    def test_a_long_source(self):
        for name in 'app/long.h', 'app/long.py', 'app/long.sh':
            self.expect([f'{name}:401: 401 lines; a source has at most 400'], {name: '\n' * 401})
            self.expect([], {name: '\n' * 400})

    def test_a_header_for_one_file_only(self):
        only = 'which only ops/blas.cpp may (tests/rooms.txt:5)'
        self.expect([f'app/main.cpp:1: includes <cblas.h>, {only}', f'app/main.cpp:2: includes <blas/level3.h>, {only}'],
                    {'app/main.cpp': '#include <cblas.h>\n#include <blas/level3.h>\n'})

    def test_a_room_without_a_readme(self):
        self.expect(['tests/rooms.txt:3: the room ops has no README.md'], {'ops/README.md': None})

    def test_a_long_readme(self):
        self.expect(['ops/README.md:41: 41 lines; the README of a room has at most 40'], {'ops/README.md': '\n' * 41})
        self.expect([], {'ops/README.md': '\n' * 40})

    def test_a_room_that_is_not_there(self):
        self.expect(['tests/rooms.txt:6: there is no folder nn'], table=TABLE + 'nn: ops\n')

    def test_a_table_that_is_none(self):
        self.expect(['tests/rooms.txt:6: neither "room: rooms" nor "only files: headers"',
                     'tests/rooms.txt:7: room core stands here a second time',
                     'tests/rooms.txt:3: opps is no room of the table'],
                    table=TABLE.replace('ops: core', 'ops: core opps') + 'nn\ncore: app\n')


if __name__ == '__main__':
    unittest.main()
