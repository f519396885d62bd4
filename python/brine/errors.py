"""Exceptions: one class per row of the table that the library and the command share."""

from __future__ import annotations

import re
from typing import Iterable

from brine import _brine


class BrineError(Exception):
    """Something went wrong in brine. `hint` is what to try next, or empty; `code` says what kind
    of thing went wrong; `exit_code` is what the command ends with in the same case."""

    code = ""
    exit_code = 0

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.args[0]}\nhint: {self.hint}" if self.hint else self.args[0]


class _Refusal(BrineError):
    """A payload was refused; `offending` lists the symbols (`module:Name`) that were to blame."""

    def __init__(self, message: str, *, hint: str | None = None,
                 offending: Iterable[str] | None = None) -> None:
        self.offending = symbols_in([message]) if offending is None else list(offending)
        if hint is None and self.offending:
            hint = f"if you know where it comes from: trusted={self.offending}"
        super().__init__(message, hint=hint or "")


def symbols_in(sentences: Iterable[str]) -> list[str]:
    """Return what the sentences spell as `module:Name`, each once."""
    found = (re.findall(r"[\w.]+:[^\W\d][\w.]*", sentence) for sentence in sentences)
    return list(dict.fromkeys(symbol for symbols in found for symbol in symbols))


# What a caller who knows nothing of brine would catch.
_BASES = {
    "usage": (BrineError, ValueError),
    "not_found": (BrineError, LookupError),
    "refused": (_Refusal,),
    "environment": (BrineError, OSError),
    "no_space": (BrineError, OSError),
    "busy": (BrineError, OSError),
}


def _class_of(code: str, name: str, exit_code: int, meaning: str) -> type[BrineError]:
    body = {"__doc__": f"{meaning[:1].upper()}{meaning[1:]}.", "__module__": "brine",
            "code": code, "exit_code": exit_code}
    return type(name, _BASES.get(code, (BrineError,)), body)


_by_code = {row[0]: _class_of(*row) for row in _brine.error_table()}
globals().update({error.__name__: error for error in _by_code.values()})
__all__ = ["BrineError", *(error.__name__ for error in _by_code.values())]


# Options of the command, and the arguments that say the same here.
_ARGUMENTS = {
    " --as-is": "store.save_file(path, line, as_is=True)",
    " --fallback": "fallback=True",
    " --no-migrate": "migrate=False",
}
_HINTS = {"usage": "help(brine.Store)", "migration": "brine help migrate"}


def from_code(code: str, message: str, hint: str) -> BrineError:
    """Make the exception that the library's error of `code` becomes."""
    if code == "refused":
        return _by_code[code](message)  # the library's hint speaks of options of the command
    for option, argument in _ARGUMENTS.items():
        if hint.endswith(option):
            hint = argument
    return _by_code[code](message, hint=hint or _HINTS.get(code, ""))
