"""Classes and objects that the tests save: in a module, since a pickle names it."""
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import os
import pathlib

import numpy as np


class Colour(enum.Enum):
    RED = 1


class Mode(str, enum.Enum):
    TRAIN = "train"


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Mixed(enum.Enum):
    PAIR = (1, 2)


@dataclasses.dataclass
class Point:
    x: float
    y: float

    def norm(self):
        return math.hypot(self.x, self.y)


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Slotted) and self.value == other.value


class RunsCode:
    """What an attacker writes: unpickling it makes a directory."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


class Outer:
    class Inner(Point):
        pass


PLAIN = {
    "none": None,
    "numbers": [0, -1, 2**70, 1.5, float("inf"), 3 + 4j, True],
    "text": ["", "caf\u00e9", "\U0001f40b", "\ud800", "x" * 100_000],
    "bytes": [b"", bytes(range(256)), b"y" * 3_000_000, bytearray(b"z" * 70_000)],
    "containers": {"a": (1, (2, [3])), "b": {4, 5}, "c": frozenset("d"), (): {}},
    "many small items": [(index, str(index), {"i": index}) for index in range(50_000)],
    "standard library": [collections.OrderedDict(a=1), collections.Counter("aab"),
                         datetime.datetime(2026, 5, 4, 3, 2, 1), decimal.Decimal("1.10"),
                         fractions.Fraction(1, 3), pathlib.PurePosixPath("a/b"), range(9)],
    "own classes": [Colour.RED, Mode.TRAIN, Access.WRITE, Point(1, 2), Slotted([1]),
                    Outer.Inner(3, 4)],
    "functions by name": [len, math.sqrt, np.tanh, Point.norm],
}

# Protocols below 4 spell a name with a dot as a call of getattr, which no policy lets through.
NESTED = {"own classes", "functions by name"}

_grid = np.arange(24.0).reshape(2, 3, 4)
ARRAYS = {
    **{f"dtype {dtype}": np.arange(5).astype(dtype)
       for dtype in ("?", "i1", "<u2", ">u2", "<i4", ">i8", "<f2", "<f4", ">f8", "<c16", "U3", "S3",
                     "O")},
    "dates": np.array(["2026-05-04", "NaT"], dtype="datetime64[D]"),
    "structured": np.array([(1, 2.5, "a")], dtype=[("i", "<i2"), ("f", "<f8"), ("s", "U2")]),
    "order C": _grid,
    "order F": np.asfortranarray(_grid),
    "transposed": _grid.T,
    "strided": _grid[:, ::2, ::-1],
    "no dimension": np.array(7.0),
    "no items": np.zeros((0, 3)),
    "read-only": np.frombuffer(b"12345678", dtype="<i4"),
    "scalar": np.float32(1.5),
    "masked": np.ma.masked_array([1, 2, 3], mask=[0, 1, 0]),
    "matrix over a frame": np.arange(300_000, dtype="<i4").reshape(500, 600),
}
