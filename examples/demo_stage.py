"""The demo's stage: headings, tables with bars, and commands that are shown as they run."""
import os
import shlex
import subprocess
import sys
import textwrap

WIDTH = 80
COLOURED = sys.stdout.isatty() and "NO_COLOR" not in os.environ
UNICODE = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
FULL, PARTS = ("\u2588", " \u258f\u258e\u258d\u258c\u258b\u258a\u2589") if UNICODE else ("#", " ")


class Failed(Exception):
    """A step of the demo that did not go as told."""


def styled(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOURED else text


def bold(text):
    return styled(text, "1")


def dim(text):
    return styled(text, "2")


def act(number, title, text):
    print(f"\n\n{bold(f'{number}. {title}')}\n{dim('-' * WIDTH)}", end="")
    tell(text)


def tell(text):
    print("\n" + textwrap.fill(" ".join(text.split()), WIDTH))


def require(*facts):
    """Every step says what must be true; the demo ends at the first that is not."""
    print()
    for holds, what in facts:
        if not holds:
            raise Failed(what)
        print(f"  {styled('ok', '32')}  {what}")


def quote(text):
    """Prints what a command said; lines that are too long go on below, further in."""
    for line in text.rstrip("\n").splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        if len(line) > WIDTH:
            line = textwrap.fill(line.lstrip(), WIDTH, initial_indent=indent,
                                 subsequent_indent=indent + "    ", break_on_hyphens=False)
        print(line)


def bar(share, width):
    """A bar that fills `share` of `width` columns, to an eighth of a column."""
    eighths = round(max(0.0, min(1.0, share)) * width * len(PARTS))
    full, part = divmod(eighths, len(PARTS))
    return (FULL * full + (PARTS[part] if part else "")).ljust(width)


def size(count):
    """Bytes as a person reads them, in nine columns."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1000 or unit == "MiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable: MiB ends the loop")


def run(*command, expect=0, directory=None, show=True, environment=None):
    """Shows a command and what it prints, and requires its exit code. Returns what it printed."""
    if show:
        print(f"\n{styled('$', '36')} {bold(shlex.join(command))}")
    done = subprocess.run(command, cwd=directory, env=environment, text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if show:
        quote(done.stdout)
        if expect:
            print(dim(f"(exit code {done.returncode})"))
    if done.returncode != expect:
        raise Failed(f"{shlex.join(command)} ended with {done.returncode}, not {expect}:\n"
                     + done.stdout)
    return done.stdout
