"""From objects to payloads, and back with only those imports that were judged."""

from __future__ import annotations

import enum
import io
import pickle
from typing import Any

from brine.errors import MigrationError, UnsafePickleError, UnsupportedError, symbols_in
from brine.values import LoadReport, ScanReport, Symbol


class Pickler(pickle.Pickler):
    """The stock pickler, but for enums: Python 3.11 writes a member as a call of getattr, which no
    policy lets through. By value it is, as before 3.11 and since 3.12."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, enum.Enum) and type(obj.value) in (int, str):
            if obj.__reduce_ex__(5) == (getattr, (type(obj), obj.name)):
                return type(obj), (obj.value,)
        return NotImplemented


def unpickle(payload: bytes, report: LoadReport, encoding: str) -> Any:
    """Unpickle exactly the bytes that `report` is about, once they pass the policy."""
    _require_one_pickle(report.scan)
    if report.origin != "object":
        _require_safe(report.scan)
    # The buffering gives the unpickler something to peek into: protocols without frames would
    # otherwise cost a call per opcode. Large buffers go past it.
    source = io.BufferedReader(io.BytesIO(payload), 1 << 18)
    return _Unpickler(source, report.scan.symbols, encoding).load()


class _Unpickler(pickle.Unpickler):
    """Imports the symbols of the scan and no other. The scan has judged them already; should it
    ever see other symbols than CPython does, the difference ends here."""

    def __init__(self, source: io.BufferedReader, symbols: dict[Symbol, int], encoding: str):
        super().__init__(source, encoding=encoding)
        self._symbols = symbols

    def find_class(self, module: str, name: str) -> Any:
        symbol = Symbol(module, name)
        if symbol not in self._symbols:
            raise UnsafePickleError(f"the payload imports {symbol}, which its scan did not see",
                                    hint="report this: brine and Python read it differently",
                                    offending=(str(symbol),))
        try:
            return super().find_class(module, name)
        except (ImportError, AttributeError) as error:
            raise MigrationError(
                f"{symbol} cannot be imported: {error}",
                hint=f"install what holds {module}, or say where {symbol} went in a table and "
                     "run `brine migrate add TABLE.toml` (or store.add_table)") from error


def _require_one_pickle(scan: ScanReport) -> None:
    if scan.format == "pickle" and scan.pickles == 1:
        return
    found = f"{scan.pickles} pickles in a row" if scan.format == "pickle" else scan.format
    raise UnsupportedError(
        f"the payload is no single pickle but {found}",
        hint="store.load_file(ref, path), then the stock loader (torch.load, joblib.load...)")


def _require_safe(scan: ScanReport) -> None:
    if scan.verdict == "safe":
        return
    # A Python 2 name is accused together with what it is called now: both need trust.
    offending = symbols_in(finding.reason for finding in scan.findings)
    reasons = "; ".join(finding.reason for finding in scan.findings[:3])
    raise UnsafePickleError(f"the verdict on the payload is {scan.verdict}: {reasons}",
                            offending=offending)
