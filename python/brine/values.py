"""What a store answers: plain read-only values that outlive it."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["BlockInfo", "BufferInfo", "ConvertReport", "Event", "Finding", "LoadReport", "Loaded",
           "MigrationPlan", "Problem", "ReindexReport", "Rejection", "Rename", "Rule",
           "ScanReport", "Snapshot", "SnapshotDetail", "Snapshots", "Symbol", "Table",
           "TableStatus", "TensorInfo", "TensorStatistics", "TreeRow", "VerifyReport"]


class Symbol(NamedTuple):
    """A name that a pickle imports."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


@dataclass(frozen=True)
class Finding:
    """One observation about a payload. `symbol`: what is to be trusted, should you vouch for it;
    None where no trust lifts it, and of a manifest."""

    verdict: str
    offset: int
    reason: str
    symbol: Symbol | None = None


@dataclass(frozen=True)
class ScanReport:
    """What a payload is and what it would do. `verdict`: safe, unknown, dangerous."""

    format: str
    protocol: int
    payload_bytes: int
    pickles: int
    opcodes: int
    complete: bool
    verdict: str
    symbols: dict[Symbol, int]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class ConvertReport:
    """What was converted. `protocol`: the highest that the file declared before."""

    pickles: int
    opcodes: int
    protocol: int
    payload_bytes: int
    written_bytes: int


@dataclass(frozen=True, repr=False)
class Snapshot:
    """One immutable saved checkpoint. `state`: saved, verified, good, suspect, quarantined,
    revoked. `origin`: object (saved by `save`), file (saved by `save_file`)."""

    id: str
    line: str
    seq: int
    parent: str
    created: str
    step: int | None
    metrics: dict[str, float]
    tags: tuple[str, ...]
    payload_bytes: int
    stored_bytes: int
    codec: str
    format: str
    protocol: int
    origin: str
    verdict: str
    state: str

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def ref(self) -> str:
        """The reference that names this snapshot for as long as it exists."""
        return f"{self.line}:{self.seq}"

    def __repr__(self) -> str:
        extras = [f"step={self.step}"] if self.step is not None else []
        extras += [f"{name}={value:g}" for name, value in self.metrics.items()] + [*self.tags]
        size = f"{_size(self.payload_bytes)} as {_size(self.stored_bytes)} {self.codec}"
        return f"<Snapshot {' '.join([self.ref, self.state, size, *extras])} {self.id[:12]}>"

    def _repr_html_(self) -> str:
        return Snapshots([self])._repr_html_()


class Snapshots(list):
    """A list of snapshots that a notebook shows as a table."""

    def _repr_html_(self) -> str:
        heads = ("snapshot", "state", "created", "step", "metrics", "tags", "payload", "stored",
                 "codec", "id")
        rows = [_row("th", heads), *(_row("td", _cells(each)) for each in self)]
        return f"<table>{''.join(rows)}</table>"


@dataclass(frozen=True)
class BlockInfo:
    """One block of a payload: where it is in the payload and in the pack."""

    offset: int
    bytes: int
    stored_offset: int
    stored_bytes: int


@dataclass(frozen=True)
class TensorStatistics:
    """What the elements of a tensor are like. `min` and `max` are those of the finite ones: None
    where there is none, and for complex numbers."""

    min: int | float | None
    max: int | float | None
    nans: int
    infinities: int
    zeros: int
    is_raw: bool = False


@dataclass(frozen=True)
class TensorInfo:
    """A tensor inside a payload, with the path on which the object graph leads to it. `offset` is
    that of the raw elements in the payload; None where they do not stand there in one row.
    `statistics`: where they were asked for and the elements are numbers; else None, and
    `unmeasured` says why. `shares`: path of the first tensor before it that has elements in common
    with it, and `shared_bytes` how many those before it have."""

    path: str
    dtype: str
    shape: tuple[int, ...]
    offset: int | None
    bytes: int
    statistics: TensorStatistics | None = None
    unmeasured: str = ""
    shares: str | None = None
    shared_bytes: int = 0


@dataclass(frozen=True)
class TreeRow:
    """One line of a tree of objects: how deep it is, the last step of its path, and what is there.
    """

    level: int
    name: str
    text: str


@dataclass(frozen=True)
class BufferInfo:
    """A large buffer inside a payload."""

    offset: int
    bytes: int


@dataclass(frozen=True)
class SnapshotDetail:
    """A snapshot with all that its manifest says. `steps`: the version of every migration table
    when it was saved."""

    snapshot: Snapshot
    pack: str
    wrapper: str
    blocks: tuple[BlockInfo, ...]
    buffers: tuple[BufferInfo, ...]
    symbols: dict[Symbol, int]
    findings: tuple[Finding, ...]
    steps: dict[str, int]

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(getattr(self, name))} {name}"
                           for name in ("blocks", "buffers", "symbols", "findings"))
        return f"<SnapshotDetail of {self.snapshot!r}: {counts}>"


@dataclass(frozen=True)
class Event:
    """Something that happened in a store. `kind`: fallback, quarantine, restore, verify, reindex
    """

    time: str
    kind: str
    line: str
    snapshot: str
    json: str

    @property
    def details(self) -> dict[str, Any]:
        return json.loads(self.json)


@dataclass(frozen=True)
class Rename:
    """One name that changes on the way from a snapshot to its reader."""

    from_: Symbol
    to: Symbol
    count: int
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Rejection:
    """A snapshot that a load passed over, and why."""

    snapshot: str
    seq: int
    code: str
    reason: str


@dataclass(frozen=True)
class LoadReport:
    """What a load did. `scan` is of the bytes that were handed over."""

    requested: str
    served: str
    line: str
    seq: int
    fallback: bool
    payload_bytes: int
    origin: str
    scan: ScanReport
    migrations: tuple[Rename, ...]
    rejected: tuple[Rejection, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Loaded:
    """An object, and how it was come by."""

    object: Any
    report: LoadReport


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a store."""

    where: str
    code: str
    what: str


@dataclass(frozen=True)
class VerifyReport:
    """What was read and checked, and what was wrong."""

    snapshots: int
    blocks: int
    stored_bytes: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class ReindexReport:
    """What a rebuilt catalog holds, and which manifests were left out. `knows_marks`: the old
    catalog could still say which snapshots are suspect, quarantined or revoked."""

    snapshots: int
    knows_marks: bool
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Rule:
    """One rewrite of a migration table. `kind`: module, symbol."""

    kind: str
    from_: Symbol
    to: Symbol
    exact: bool
    line: int


@dataclass(frozen=True)
class Table:
    """One step: rules that are applied together, once."""

    name: str
    version: int
    title: str
    rules: tuple[Rule, ...]
    digest: str


@dataclass(frozen=True)
class TableStatus:
    """A registered table, and how many snapshots it touches."""

    table: Table
    registered: str
    snapshots: int


@dataclass(frozen=True)
class MigrationPlan:
    """The steps later than a snapshot, and what they would rename in it."""

    snapshot: str
    steps: tuple[str, ...]
    renames: tuple[Rename, ...]


def _size(count: int) -> str:
    if count < 1024:
        return f"{count} B"
    power = min((count.bit_length() - 1) // 10, 5)
    return f"{count / 1024**power:.1f} {' KMGTP'[power]}iB"


def _cells(snapshot: Snapshot) -> list[str]:
    metrics = " ".join(f"{name}={value:g}" for name, value in snapshot.metrics.items())
    step = "" if snapshot.step is None else str(snapshot.step)
    return [snapshot.ref, snapshot.state, snapshot.created, step, metrics, " ".join(snapshot.tags),
            _size(snapshot.payload_bytes), _size(snapshot.stored_bytes), snapshot.codec,
            snapshot.id[:12]]


def _row(tag: str, cells: list[str] | tuple[str, ...]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"
