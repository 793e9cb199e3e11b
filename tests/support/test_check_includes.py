#!/usr/bin/env python3
"""Forgets standard headers in a small repository, and expects check_includes.py to name them, and only them."""

import unittest

from checker_test import CheckerTest

FILES = {
    'autograd/pch/std_pch.h': '#include <fmt/core.h>\n#include <vector>\n',
    'autograd/tape.h': '#include <vector>\n#include "autograd/shape.h"\n',
    'autograd/shape.h': '#include <string>\n',
    'ops/add.cpp': '#include "autograd/tape.h"\nstd::vector<std::string> names;  // no std::array\n',
    'nn/rng.cpp': '#include <cstdint>\n#include <fmt/core.h>\nstd::uint64_t bits; void say() { fmt::print("{}", bits); }\n',
    'examples/main.cpp': 'int main() {}\n',
    'tests/test_tape.cpp': 'std::array<int, 2> pair;\n',
}


class CheckIncludes(CheckerTest):
    def expect(self, problems, files=None):
        self.expect_of('check_includes.py', problems, {**FILES, **(files or {})})

    def test_nothing_is_forgotten(self):
        self.expect([])

    def test_a_forgotten_header(self):
        self.expect(['nn/rng.cpp: fmt::print without #include <fmt/core.h>', 'nn/rng.cpp: std::uint64_t without #include <cstdint>'],
                    {'nn/rng.cpp': 'std::uint64_t bits; void say() { fmt::print("{}", bits); }\n'})
        self.expect(['ops/deep/sum.h: std::ranges::sort without #include <algorithm>', 'ops/deep/sum.h: std::span without #include <span>'],
                    {'ops/deep/sum.h': 'inline void sum(std::span<int> x) { std::ranges::sort(x); }\n'})

    def test_a_header_that_another_one_no_longer_includes(self):
        self.expect(['ops/add.cpp: std::string without #include <string>'], {'autograd/shape.h': ''})

    def test_a_precompiled_header_without_names(self):
        self.expect(['autograd/pch/std_pch.h: no names of <regex> stand in check_includes.py'],
                    {'autograd/pch/std_pch.h': '#include <regex>\n'})


if __name__ == '__main__':
    unittest.main()
