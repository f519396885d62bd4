"""The store: saving and loading objects over the doors of libbrine."""

from __future__ import annotations

import functools
import logging
import os
import warnings
from typing import Any, Callable, Iterable, Mapping, TypeVar, cast

from brine import _brine
from brine.errors import EnvironmentFailure, NotFoundError, UsageError, symbols_in
from brine.pickling import Pickler, unpickle
from brine.values import Loaded, LoadReport, Snapshot, SnapshotDetail, TableStatus

Progress = Callable[[int, int], Any]
_Function = TypeVar("_Function", bound=Callable[..., Any])

_log = logging.getLogger("brine")
_log.addHandler(logging.NullHandler())


class FallbackWarning(UserWarning):
    """Another snapshot was served than the one asked for. `wanted` and `served` are ids."""

    def __init__(self, message: str, *, wanted: str = "", served: str = "", reason: str = ""):
        super().__init__(message)
        self.wanted = wanted
        self.served = served
        self.reason = reason


class PortabilityWarning(UserWarning):
    """What was saved will not load everywhere, or not without being trusted."""


# Python shows a warning once per place; a fallback is news each time. Appended: the filters that
# a user has set come first.
warnings.simplefilter("always", FallbackWarning, append=True)


def checked(function: _Function, public: str) -> _Function:
    """Wrap a bound function, so that arguments of types that it does not take are a UsageError
    and no list of C++ signatures. `public` is what a user calls: its help is the hint."""
    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except TypeError as error:
            if "): incompatible " not in str(error):
                raise
        given = [repr(each) for each in arguments if not isinstance(each, _brine.Store)]
        given += [f"{name}={value!r}" for name, value in options.items()]
        raise UsageError(f"{function.__name__.lstrip('_')}() cannot take {', '.join(given)}",
                         hint=f"help(brine.{public})")
    return cast(_Function, call)


class Store(_brine.Store):
    """A directory that keeps checkpoints; `brine.open` makes one. Any thread may use it, but not
    a forked child."""

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def save(self, obj: Any, line: str, *, step: int | None = None,
             metrics: Mapping[str, float] | None = None, tags: Iterable[str] = (),
             codec: str | None = None, protocol: int = 5,
             progress: Progress | None = None) -> Snapshot:
        """Pickle `obj` into the next snapshot of `line`; it is durable when this returns. What
        cannot be pickled raises what pickle raises, and leaves nothing behind."""
        _check_call(line, step, metrics, tags, codec)
        session = self._begin_save(line, codec=codec, step=step, metrics=metrics, tags=tags,
                                   progress=progress)
        try:
            Pickler(session, protocol=protocol).dump(obj)
            snapshot = session.commit()
        finally:
            session.close()
        _warn_of_loading(self.show(snapshot))
        return snapshot

    def save_file(self, path: str | os.PathLike[str], line: str, *, step: int | None = None,
                  metrics: Mapping[str, float] | None = None, tags: Iterable[str] = (),
                  codec: str | None = None, as_is: bool = False, plain: bool = False,
                  progress: Progress | None = None) -> Snapshot:
        """Save a checkpoint file as it stands, under the policy for files from outside."""
        _check_call(line, step, metrics, tags, codec)
        return self._save_file(path, line, step=step, metrics=metrics, tags=tags, codec=codec,
                               as_is=as_is, plain=plain, progress=progress)

    def load(self, ref: str | Snapshot, *, fallback: bool = False, trusted: Iterable[str] = (),
             migrate: bool = True, on_fallback: str | None = None, encoding: str = "ASCII",
             progress: Progress | None = None) -> Any:
        """Return the object that `ref` names: exactly that one or an error, unless `fallback`.

        What `save` made loads by the symbols that it recorded. A file from outside loads when
        every symbol in it is on an allow-list or in `trusted` (`module:Name`, `module`)."""
        return self._fetch(ref, encoding, fallback=fallback, trusted=trusted, migrate=migrate,
                           on_fallback=on_fallback, progress=progress).object

    def fetch(self, ref: str | Snapshot, *, fallback: bool = False, trusted: Iterable[str] = (),
              migrate: bool = True, on_fallback: str | None = None, encoding: str = "ASCII",
              progress: Progress | None = None) -> Loaded:
        """Load, and return the object together with the report of how it was come by."""
        return self._fetch(ref, encoding, fallback=fallback, trusted=trusted, migrate=migrate,
                           on_fallback=on_fallback, progress=progress)

    def load_file(self, ref: str | Snapshot, path: str | os.PathLike[str], *,
                  fallback: bool = False, trusted: Iterable[str] = (), migrate: bool = True,
                  on_fallback: str | None = None,
                  progress: Progress | None = None) -> LoadReport:
        """Write the payload that `ref` names into a file, which appears whole or not at all."""
        report = self._load_file(ref, path, fallback=fallback, trusted=trusted, migrate=migrate,
                                 on_fallback=on_fallback, progress=progress)
        _tell(report, stacklevel=3)
        return report

    def add_table(self, table: str | os.PathLike[str]) -> TableStatus:
        """Register one step of a migration table: the path of a TOML file, or its text (a str
        with a line break)."""
        if not isinstance(table, (str, os.PathLike)):
            raise UsageError(f"a table is a path or a text, not {table!r}",
                             hint="store.add_table('myproject.toml')")
        if isinstance(table, str) and "\n" in table:
            return self._add_table(table, "<str>")
        return self._add_table(_read_table(table), os.fsdecode(table))

    def _fetch(self, ref: str | Snapshot, encoding: str, **options: Any) -> Loaded:
        payload, report, attempt = self._load(ref, **options)
        try:
            _tell(report, stacklevel=4)
            loaded = Loaded(unpickle(payload, report, encoding), report)
            _log_all(attempt.succeed())
        finally:
            attempt.close()
        return loaded

    def __repr__(self) -> str:
        return f"<brine.Store {str(self.root)!r}>"


# The bound methods that are called under another name.
_PUBLIC = {"__init__": "open", "_begin_save": "Store.save"}
for _name in ("__init__", "_add_table", "_begin_save", "_load", "_load_file", "_save_file",
              "events", "log", "plan", "resolve", "show", "tensors", "tree", "verify"):
    setattr(Store, _name, checked(getattr(_brine.Store, _name),
                                  _PUBLIC.get(_name, f"Store.{_name.lstrip('_')}")))


def _check_call(line: str, step: int | None, metrics: Mapping[str, float] | None,
                tags: Iterable[str], codec: str | None) -> None:
    """Raise UsageError that names the argument: a training loop passes None for a loss sooner or
    later, and a list of C++ signatures would not say so."""
    if not isinstance(line, str):
        raise UsageError(f"line wants a name, not {line!r}", hint="line='resnet'")
    if codec is not None and not isinstance(codec, str):
        raise UsageError(f"codec wants a name, not {codec!r}", hint="codec='zstd:3'")
    if step is not None and not hasattr(step, "__index__"):
        raise UsageError(f"step wants a whole number, not {step!r}", hint="step=1200")
    if step is not None and not -2**63 <= step.__index__() < 2**63:
        raise UsageError(f"step wants a whole number of 64 bits, not {step!r}", hint="step=1200")
    if isinstance(tags, str):
        raise UsageError("tags wants several names, not one text", hint=f"tags=[{tags!r}]")
    if not isinstance(tags, Iterable):
        raise UsageError(f"tags wants several names, not {tags!r}", hint="tags=['nightly']")
    _check_metrics(metrics)


def _check_metrics(metrics: Mapping[str, float] | None) -> None:
    if metrics is None:
        return
    if not isinstance(metrics, Mapping):
        raise UsageError(f"metrics wants names and numbers, not {metrics!r}",
                         hint="metrics={'loss': 0.5}")
    for name, value in metrics.items():
        if not isinstance(name, str) or not _is_number(value):
            raise UsageError(f"metric {name!r} wants a number, not {value!r}",
                             hint="leave it out where there is none")


def _is_number(value: Any) -> bool:
    try:
        return hasattr(value, "__float__") and isinstance(float(value), float)
    except (TypeError, ValueError, OverflowError):
        return False


def _read_table(path: str | os.PathLike[str]) -> bytes:
    name = os.fsdecode(path)
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no file {name}",
                            hint=_brine.at_place("ls -la", path)) from error
    except OSError as error:
        raise EnvironmentFailure(f"cannot read table {name}: {error.strerror}",
                                 hint=_brine.at_place("ls -la", path)) from error


def open_store(path: str | os.PathLike[str] | None = None, *, create: bool = False,
               codec: str | None = None, on_fallback: str | None = None,
               threads: int = 0) -> Store:
    """Open the store in `path`; without one, that of $BRINE_STORE or the nearest .brine above.

    `create` makes the store where there is none. `codec` (`zstd:19`) and `on_fallback` (a command
    that gets the event of a fallback) are the defaults of this handle and of a store that is made.
    `threads` 0: one per processor, at most 16."""
    root = path if path is not None else _nearest(create)
    return Store(root, create=create, codec=codec, on_fallback=on_fallback, threads=threads)


def _nearest(create: bool) -> str | os.PathLike[str]:
    found = os.environ.get("BRINE_STORE") or _brine.find_store(os.getcwd())
    if found is None and not create:
        raise NotFoundError(f"no .brine in {os.getcwd()} or above it, and BRINE_STORE is not set",
                            hint="brine.open(path, create=True)")
    return found or ".brine"


def _warn_of_loading(detail: SnapshotDetail) -> None:
    """Say now what would otherwise come as a surprise when the snapshot is needed."""
    names = [symbol.name for symbol in detail.symbols if symbol.module == "__main__"]
    if names:
        warnings.warn(PortabilityWarning(
            f"saved with names of __main__ ({', '.join(names)}), which other programs do not have; "
            "move them into a module that can be imported"), stacklevel=3)
    if detail.snapshot.verdict == "dangerous":
        trusted = symbols_in(finding.reason for finding in detail.findings
                             if finding.verdict == "dangerous")
        warnings.warn(PortabilityWarning(
            f"saved with symbols that can run code; {detail.snapshot.ref} will load with "
            f"trusted={trusted} only"), stacklevel=3)


def _log_all(warnings_of_library: Iterable[str]) -> None:
    for text in warnings_of_library:
        _log.warning("%s", text)


def _tell(report: LoadReport, stacklevel: int) -> None:
    _log_all(report.warnings)
    if not report.fallback:
        return
    reason = "; ".join(f"{report.line}:{each.seq}: {each.reason}" for each in report.rejected)
    message = f"served {report.line}:{report.seq} instead of what was asked for: {reason}"
    warnings.warn(FallbackWarning(message, wanted=report.requested, served=report.served,
                                  reason=reason), stacklevel=stacklevel)
