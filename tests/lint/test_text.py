#!/usr/bin/env python3
"""Holds how files look: ASCII source, short lines, short files, enough tests, every door in
docs/design.md, and a test behind every invariant. First it plants violations and requires that
each is found.

usage: test_text.py SOURCE_ROOT
"""
import pathlib
import re
import sys
import tempfile

TOPS = ("lib", "cli", "python", "tests", "tools", "bench", "examples", ".ci", "migrations", "docs")
SOURCE = {".cpp", ".hpp", ".py", ".sql", ".build", ".sh"}
CODE = {".cpp", ".hpp", ".py"}
MAX_COLUMNS = 100
MAX_LINES = 450
MIN_TESTS = 0.8  # non-blank lines of tests per non-blank line of source

# Spelled so that this file does not hold what it looks for.
FORBIDDEN = [
    (re.compile(r"\b(T[O]DO|FI[X]ME|X[X]X|H[A]CK)\b"), "an open end; close it"),
    (re.compile(r"/[w]ork/|/home/[a-z]+/|/root/[.a-z]"), "a path of somebody's machine"),
]


def is_source(path):
    if path.suffix in SOURCE:
        return True
    # Scripts without a suffix: tools/install-dependencies, tests/run.
    return not path.suffix and path.read_bytes()[:2] == b"#!"


def files_below(root):
    for top in TOPS:
        for path in sorted((root / top).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
    yield from sorted(path for path in root.glob("*") if path.suffix in {".md", ".build"})


def line_problems(path, number, line):
    where = f"{path}:{number}:"
    if not line.isascii():
        odd = next(c for c in line if not c.isascii())
        yield f"{where} U+{ord(odd):04X} is not ASCII"
    if len(line) > MAX_COLUMNS:
        yield f"{where} {len(line)} columns, at most {MAX_COLUMNS}"
    if "\t" in line:
        yield f"{where} a tab"
    if line != line.rstrip():
        yield f"{where} blanks at the end"


def forbidden_problems(path, number, line):
    for pattern, why in FORBIDDEN:
        if match := pattern.search(line):
            yield f"{path}:{number}: '{match[0]}': {why}"


def file_problems(root, absolute):
    path = absolute.relative_to(root)
    source = is_source(absolute)
    if not source and absolute.suffix not in {".md", ".toml"}:
        return
    lines = absolute.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if source:
            yield from line_problems(path, number, line)
        yield from forbidden_problems(path, number, line)
    if absolute.suffix in CODE and len(lines) > MAX_LINES:
        yield f"{path}:{len(lines)}: {len(lines)} lines, at most {MAX_LINES}; make two of it"


def count_lines(paths):
    texts = (p.read_text(encoding="utf-8") for p in paths if p.suffix in CODE)
    return sum(1 for text in texts for line in text.splitlines() if line.strip())


def ratio_problems(root):
    source = count_lines(p for top in ("lib", "cli", "python") for p in (root / top).rglob("*"))
    tests = count_lines((root / "tests").rglob("*"))
    if tests < MIN_TESTS * source:
        yield f"tests:0: {tests} lines for {source} of source, at least {MIN_TESTS} for each"


def door_problems(root):
    design = root / "docs/design.md"
    text = design.read_text(encoding="utf-8") if design.is_file() else ""
    for door in sorted((root / "lib/include/brine").glob("*.hpp")):
        if f"brine/{door.name}" not in text:
            yield f"docs/design.md:0: the door brine/{door.name} is not described"


def invariant_problems(root):
    """docs/invariants.md ends each statement with the tests that guard it, in backquotes."""
    document = root / "docs/invariants.md"
    text = document.read_text(encoding="utf-8") if document.is_file() else ""
    tests = "".join(path.read_text(encoding="utf-8") for path in (root / "tests").rglob("*")
                    if path.suffix in {".cpp", ".py"})
    known = set(re.findall(r"\b[a-z][a-z_0-9]+\b", tests))
    for number, line in enumerate(text.splitlines(), 1):
        for name in re.findall(r"`((?:\w+_){2,}\w+)`", line):
            if name not in known:
                yield f"docs/invariants.md:{number}: there is no test {name}"


def problems_of(root):
    found = [problem for path in files_below(root) for problem in file_problems(root, path)]
    for check in (ratio_problems, door_problems, invariant_problems):
        found += check(root)
    return found


PLANTED = [
    ("lib/a.cpp", "int a;\n" * 450, ""),
    ("lib/b.cpp", "int b;\n" * 451, "b.cpp:451: 451 lines"),
    ("lib/c.cpp", "// caf\u00e9\n", "c.cpp:1: U+00E9 is not ASCII"),
    ("lib/d.hpp", "//" + "x" * 98 + "\n//" + "x" * 99 + "\n", "d.hpp:2: 101 columns"),
    ("python/e.py", "if e:\n\tpass\n", "e.py:2: a tab"),
    ("cli/f.cpp", "int f; \n", "f.cpp:1: blanks at the end"),
    ("tools/g", "#!/bin/sh\n# TO" "DO\n", "g:2: 'TO" "DO'"),
    ("docs/h.md", "caf\u00e9 is fine, /wo" "rk/h is not\n", "h.md:1: '/wo" "rk/'"),
    ("lib/include/brine/door.hpp", "\n", "the door brine/door.hpp is not described"),
    ("docs/invariants.md", "1. All. (`few_are_here`,\n`few_are_gone`)\n",
     "invariants.md:2: there is no test few_are_gone"),
    ("tests/few.cpp", "int few_are_here;\n", "tests:0: 1 lines for 907 of source"),
]


def check_self():
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for name, content, _ in PLANTED:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        found = problems_of(root)
    missed = [words for _, _, words in PLANTED if words and not any(words in f for f in found)]
    expected = sum(1 for _, _, words in PLANTED if words)
    if missed or len(found) != expected:
        sys.exit(f"the lint itself is broken: missed {missed}, found\n  " + "\n  ".join(found))


def main(root):
    check_self()
    found = problems_of(pathlib.Path(root))
    print("\n".join(found) or "every file is as it should be")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
