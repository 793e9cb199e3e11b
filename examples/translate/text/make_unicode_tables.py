#!/usr/bin/env python3
"""Writes unicode_tables.cpp: the categories and small letters that splitting and comparing text need.

    pip install regex==2026.5.9
    make_unicode_tables.py > unicode_tables.cpp && clang-format -i unicode_tables.cpp

The categories are those of the `regex` package, which knows newer Unicode than Python 3.11's `unicodedata` (17 instead of
14) and is what sacreBLEU's international tokeniser asks. Everything about small letters is `str.lower`'s own behaviour.
"""
import regex

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
SIGMA, FINAL_SIGMA = "\u03a3", "\u03c2"


def ranges(members):
    found = []
    for c in members:
        if found and found[-1][1] == c - 1:
            found[-1][1] = c
        else:
            found.append([c, c])
    return found


def category(name):
    pattern = regex.compile(rf"\p{{{name}}}")
    return [c for c in CODE_POINTS if pattern.fullmatch(chr(c))]


def ends_in_final_sigma(text):
    return (text + SIGMA).lower().endswith(FINAL_SIGMA)


def cased():
    """What a final sigma can follow directly."""
    return [c for c in CODE_POINTS if ends_in_final_sigma("-" + chr(c))]


def case_ignorable():
    """What may stand between a final sigma and its letter: a letter before it still counts."""
    return [c for c in CODE_POINTS if ends_in_final_sigma("A" + chr(c)) and not ends_in_final_sigma("-" + chr(c))]


def capitals():
    """[first, last, step, distance to the small letter], as long as capitals follow each other regularly."""
    found = []
    for c in CODE_POINTS:
        lower = chr(c).lower()
        if lower == chr(c) or len(lower) > 1:
            continue
        distance = ord(lower) - c
        if found:
            first, last, step, same = found[-1]
            if same == distance and c - last in ((1, 2) if first == last else (step,)):
                found[-1] = [first, c, c - last, distance]
                continue
        found.append([c, c, 1, distance])
    return found


def table(name, type_name, entries):
    rows = ", ".join("{" + ", ".join(entry) + "}" for entry in entries)
    return f"constexpr {type_name} {name}Table[] = {{{rows}}};\nconst std::span<const {type_name}> {name} = {name}Table;\n"


def code_range_table(name, members):
    return table(name, "CodeRange", [(f"0x{first:X}", f"0x{last:X}") for first, last in ranges(members)])


print('#include "examples/translate/text/unicode_tables.h"\n')
print("// Written by make_unicode_tables.py; do not edit.\n")
print("namespace gradus::translate {\n")
print(code_range_table("kPunctuation", category("P")))
print(code_range_table("kSymbols", category("S")))
print(code_range_table("kNumbers", category("N")))
print(code_range_table("kCased", cased()))
print(code_range_table("kCaseIgnorable", case_ignorable()))
print(table("kCapitals", "Capitals", [(f"0x{first:X}", f"0x{last:X}", str(step), str(distance))
                                      for first, last, step, distance in capitals()]))
print("}")
