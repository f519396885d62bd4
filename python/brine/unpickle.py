"""Turns a payload into an object, importing only what was scanned and allowed."""

from __future__ import annotations

import io
import pickle
from typing import Any

from brine.errors import MigrationError, UnsafePickleError, UnsupportedError, symbols_in
from brine.values import LoadReport, ScanReport, Symbol


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
    offending = symbols_in("\n".join(finding.reason for finding in scan.findings))
    reasons = "; ".join(finding.reason for finding in scan.findings[:3])
    raise UnsafePickleError(
        f"the verdict on the payload is {scan.verdict}: {reasons}",
        hint=f"if you know where it comes from: trusted={offending}" if offending else "",
        offending=offending)
