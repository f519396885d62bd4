#!/usr/bin/env python3
"""Writes the table of code points that Python's repr of a str leaves as they are.

usage: printable.py OUTPUT

The table of a release is that of its Unicode version: that of Python 3.11, 14.0.0, is kept as
lib/pickle/printable.inc, so that what brine prints does not depend on the Python at hand.
"""
import pathlib
import sys
import unicodedata

HEAD = """\
// Written by tools/printable.py from str.isprintable of Python {python}, Unicode {unicode}:
// where it changes. Not printable below the first, printable from there to the second, and so on.
"""


def changes():
    before = False
    for code in range(sys.maxunicode + 1):
        now = chr(code).isprintable()
        if now != before:
            yield code
        before = now


def lines(numbers, width=100):
    line = ""
    for number in numbers:
        word = f" 0x{number:x},"
        if len(line) + len(word) > width + 1:
            yield line.strip()
            line = ""
        line += word
    yield line.strip()


def main(output):
    python = ".".join(map(str, sys.version_info[:2]))
    head = HEAD.format(python=python, unicode=unicodedata.unidata_version)
    pathlib.Path(output).write_text(head + "\n".join(lines(changes())) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
