#!/usr/bin/env python3
"""Runs every console block of README.md, docs/cli.md and docs/python.md, and compares what comes
out with what the document shows.

    ```console
    $ brine save run model.pkl        a command; `> ` continues it
    run:1  ...                        what it prints, errors included; `...` is any text
    ...                               any lines, or none
    ```

The blocks of one document run in order, in one shell, in one empty directory, with the build's
brine on PATH; paths are shown as seen from there. Ids, times, sizes and decimals may differ from
run to run and are not compared.
Blocks of another kind (text, sh, python) are not run.

usage: test_docs.py SOURCE_ROOT BUILD_ROOT
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

DOCUMENTS = ("README.md", "docs/cli.md", "docs/python.md")
SKIPPED = 77
MARKER = "--next-command--"

# In this order: an id holds digits, a time holds numbers.
VARYING = [
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?"), "TIME"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{6,64}\b"), "ID"),
    (re.compile(r"\b\d[\d,]*(\.\d+)? ?(bytes|[KMGT]i?B|B)(/s)?(?!\w)"), "SIZE"),
    (re.compile(r"\b\d[\d,]*(\.\d+)? ?(us|ms|s|min)\b"), "DURATION"),
    (re.compile(r"\b\d[\d,]*\.\d+"), "DECIMAL"),
    (re.compile(r"\s+"), " "),
]


def normalise(line):
    for pattern, word in VARYING:
        line = pattern.sub(word, line)
    return line.strip()


def blocks_of(text):
    """Yields (line number, lines) of each console block."""
    inside, start, lines = False, 0, []
    for number, line in enumerate(text.splitlines(), 1):
        if inside and line.strip() == "```":
            yield start, lines
            inside = False
        elif inside:
            lines.append(line)
        elif line.strip() == "```console":
            inside, start, lines = True, number + 1, []


def steps_of(text):
    """Returns [line number, command, expected lines] of every command in the document."""
    steps = []
    for start, lines in blocks_of(text):
        first = len(steps)
        for number, line in enumerate(lines, start):
            if line.startswith("$ "):
                steps.append([number, line[2:], []])
            elif len(steps) == first:
                raise SystemExit(f"line {number}: a console block begins with a `$ ` line")
            elif line.startswith("> ") and not steps[-1][2]:
                steps[-1][1] += "\n" + line[2:]
            else:
                steps[-1][2].append(line)
    return steps


def same_line(expected, actual):
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, actual) is not None


def matches(expected, actual):
    """Compares lists of lines; `...` stands for any lines, and in a line for any text."""
    if not expected or not actual:
        return not actual and all(line == "..." for line in expected)
    if expected[0] == "...":
        return matches(expected[1:], actual) or matches(expected, actual[1:])
    return same_line(expected[0], actual[0]) and matches(expected[1:], actual[1:])


def outputs_of(steps, directory, environment):
    """Runs all commands in one shell. `$?` of a command is there for the next."""
    script = ""
    for _, command, _ in steps:
        script += f"{command}\nlast=$?; echo; echo {MARKER}; (exit $last)\n"
    run = subprocess.run(["bash", "-c", "exec 2>&1 </dev/null\n" + script], cwd=directory,
                         env=environment, stdout=subprocess.PIPE, timeout=300, check=False)
    text = run.stdout.decode("utf-8", "replace").replace(f"{directory}/", "")
    return [output.splitlines() for output in text.split(MARKER + "\n")]


def significant(lines):
    return [line for line in map(normalise, lines) if line]


def check(document, directory, environment):
    """Returns what is wrong, as text."""
    steps = steps_of(document.read_text(encoding="utf-8"))
    outputs = outputs_of(steps, directory, environment)
    problems = []
    for (number, command, expected), output in zip(steps, outputs):
        if not matches(significant(expected), significant(output)):
            problems.append(f"{document.name}:{number}: $ {command}\n  the document shows:\n    "
                            + "\n    ".join(expected) + "\n  it prints:\n    "
                            + "\n    ".join(output))
    return len(steps), problems


EXAMPLE = """
```console
$ echo "took 12.5 ms for 1,234 bytes as 0badc0ffee"; false
took 3 ms for 9 KiB as 123456abcd
$ echo $?
1
$ cat <<END
> one
> END
one
$ seq 5
1
...
5
$ echo "$PWD/here and there"
here and ...
$ echo wrong
right
```
```text
$ exit 3
```
```console
$ cd / && pwd
/
```
"""


def check_self(directory):
    """One of seven commands prints something else, and only that is found."""
    document = directory / "example.md"
    document.write_text(EXAMPLE)
    count, problems = check(document, directory, dict(os.environ))
    if count != 7 or len(problems) != 1 or "echo wrong" not in problems[0]:
        sys.exit(f"the test itself is broken: {count} commands, found\n" + "\n".join(problems))


def main(source_root, build_root):
    build = pathlib.Path(build_root)
    environment = {**os.environ, "PATH": f"{build / 'cli'}:/usr/bin:/bin", "LC_ALL": "C.UTF-8",
                   "PYTHONPATH": str(build / "python"), "NO_COLOR": "1", "COLUMNS": "80"}
    for name in ("BRINE_STORE", "PYTHONHOME"):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory() as directory:
        check_self(pathlib.Path(directory))
    if not (build / "cli/brine").exists():
        print("skipped: cli/brine is not built")
        sys.exit(SKIPPED)
    failures = []
    for name in DOCUMENTS:
        document = pathlib.Path(source_root, name)
        if document.is_file():
            with tempfile.TemporaryDirectory() as directory:
                count, problems = check(document, pathlib.Path(directory), environment)
            print(f"{name}: {count} commands, {len(problems)} differ")
            failures += problems
    print("\n".join(failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
