#!/usr/bin/env python3
"""Writes the table of code points that Python's repr of a str leaves as they are.

usage: printable.py OUTPUT

The table of a release is that of its Unicode version: that of Python 3.11, 14.0.0, is kept as
lib/pickle/printable.cpp, so that what brine prints does not depend on the Python at hand.
"""
import pathlib
import sys
import unicodedata

HEAD = """\
// Written by tools/printable.py from str.isprintable of Python {python}, Unicode {unicode}.
#include "pickle/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace brine::pickle {{
namespace {{

// Where it changes: not printable below the first, printable from there to the second, and so on.
constexpr std::array<std::uint32_t, {count}> changes{{
"""
TAIL = """\
};

}  // namespace

bool is_printable(char32_t code_point) noexcept {
  const auto next = std::upper_bound(changes.begin(), changes.end(), code_point);
  return (next - changes.begin()) % 2 == 1;
}

}  // namespace brine::pickle
"""


def changes():
    before = False
    for code in range(sys.maxunicode + 1):
        now = chr(code).isprintable()
        if now != before:
            yield code
        before = now


def lines(numbers, width=100):
    line = "   "
    for number in numbers:
        word = f" 0x{number:x},"
        if len(line) + len(word) > width:
            yield line
            line = "   "
        line += word
    yield line


def main(output):
    numbers = list(changes())
    python = ".".join(map(str, sys.version_info[:2]))
    head = HEAD.format(python=python, unicode=unicodedata.unidata_version, count=len(numbers))
    body = "\n".join(lines(numbers))
    pathlib.Path(output).write_text(f"{head}{body}\n{TAIL}")


if __name__ == "__main__":
    main(*sys.argv[1:])
