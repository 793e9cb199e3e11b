#!/usr/bin/env python3
"""Checks that what is shipped includes what it uses of the standard headers that autograd/pch/std_pch.h brings along, itself or
by way of headers of the repository; prints `file: problem` if not. With that header precompiled no compiler would miss them.

    check_includes.py [REPOSITORY]
"""

import re
import sys
from pathlib import Path

PRECOMPILED = 'autograd/pch/std_pch.h'
ROOMS = ('autograd', 'ops', 'nn', 'examples')
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)

# What each of those headers is for: names after std::, those of fmt after fmt::.
NAMES = {
    'fmt/core.h': r'(?:format|format_to|print|runtime|string_view)',
    'algorithm': r'(?:ranges::)?(?:all_of|any_of|binary_search|clamp|copy|copy_n|count|count_if|equal|fill|fill_n|find|find_if|'
                 r'generate|lower_bound|max|max_element|min|min_element|minmax_element|mismatch|none_of|nth_element|partial_sort|'
                 r'remove_if|reverse|rotate|sort|stable_sort|transform|unique|upper_bound)',
    'array': 'array',
    'bit': r'(?:bit_cast|bit_ceil|bit_width|countl_zero|countr_zero|has_single_bit|popcount)',
    'cmath': r'(?:abs|ceil|cos|erf|exp|exp2|fabs|floor|fma|frexp|hypot|isfinite|isinf|isnan|ldexp|llround|log|log1p|log2|lround|'
             r'nextafter|pow|round|sin|sqrt|tanh|trunc)',
    'cstdint': r'u?int(?:8|16|32|64)_t',
    'cstring': r'(?:memchr|memcmp|memcpy|memmove|memset|strchr|strcmp|strerror|strlen)',
    'exception': r'(?:current_exception|exception|exception_ptr|rethrow_exception|uncaught_exceptions)',
    'functional': r'(?:bind|cref|function|greater|hash|invoke|less|plus|ref)',
    'limits': 'numeric_limits',
    'memory': r'(?:construct_at|destroy_at|make_shared|make_unique|shared_ptr|unique_ptr|weak_ptr)',
    'numbers': r'numbers::\w+',
    'optional': r'(?:nullopt|optional)',
    'span': 'span',
    'stdexcept': r'(?:domain_error|invalid_argument|length_error|logic_error|out_of_range|runtime_error)',
    'string': r'(?:getline|stod|stoi|string|to_string)',
    'string_view': 'string_view',
    'tuple': r'(?:apply|make_tuple|tie|tuple)',
    'type_traits': r'(?:conditional_t|decay_t|enable_if_t|is_\w+_v|remove_\w+_t|underlying_type_t)',
    'unordered_map': 'unordered_map',
    'utility': r'(?:exchange|forward|make_pair|move|pair|swap)',
    'vector': 'vector',
}
USES = {header: re.compile(rf'\b{"fmt" if header.startswith("fmt/") else "std"}::{names}\b') for header, names in NAMES.items()}


def check(root):
    """The problems of the repository at `root`, a line each; none if all is well."""
    root, texts = Path(root), {}

    def text_of(file):
        if file not in texts:
            path = root / file
            texts[file] = re.sub(r'//.*', '', path.read_text()) if path.is_file() else ''
        return texts[file]

    def included(file):
        """All headers that it includes, and that these do as far as they are the repository's."""
        found, new = set(), [file]
        while new:
            others = [other for other in INCLUDE.findall(text_of(new.pop())) if other not in found]
            found.update(others)
            new += others
        return found

    problems = [f'{PRECOMPILED}: no names of <{header}> stand in check_includes.py'
                for header in INCLUDE.findall(text_of(PRECOMPILED)) if header not in NAMES]
    for room in ROOMS:
        for path in sorted((root / room).rglob('*')):
            file = path.relative_to(root).as_posix()
            if path.suffix not in ('.h', '.cpp') or file == PRECOMPILED:
                continue
            headers = included(file)
            for header, use in USES.items():
                match = header not in headers and use.search(text_of(file))
                if match:
                    problems.append(f'{file}: {match[0]} without #include <{header}>')
    return problems


if __name__ == '__main__':
    found = check(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
    print('\n'.join(found), end='\n' if found else '')
    sys.exit(1 if found else 0)
