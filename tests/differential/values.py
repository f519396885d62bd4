"""Objects whose pickles have every form that CPython's pickler writes."""
import collections
import decimal
import fractions
import functools
import math

try:
    import numpy
except ImportError:
    numpy = None


class Plain:
    """With attributes, at first none."""


class Slots:
    __slots__ = ("left", "right")


class Made:
    """What __reduce__ makes of its arguments, with a state."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __reduce__(self):
        return Made, self.arguments, {"made": True}


class Keywords:
    def __new__(cls, *, name):
        self = super().__new__(cls)
        self.name = name
        return self

    def __getnewargs_ex__(self):
        return (), {"name": self.name}


def plain(**attributes):
    value = Plain()
    value.__dict__.update(attributes)
    return value


def recursive():
    nest = []
    nest.append(nest)
    table = {}
    table["me"] = table
    parent, child = Plain(), Plain()
    parent.child, child.parent = child, parent
    short = ([],)
    short[0].append(short)
    long = (1, 2, 3, [])
    long[3].append(long)
    member = Plain()
    member.others = {member, 1}
    frozen = Plain()
    frozen.others = frozenset([frozen, 2])
    made = Made([])
    made.arguments[0].append(made)
    return [nest, table, parent, short, long, member, frozen, made]


def simple():
    """Objects whose pickles are compared byte for byte, and loaded and compared."""
    edges = [2 ** bits + more for bits in (7, 8, 15, 16, 31, 32, 63, 64, 2039, 2040, 9000)
             for more in (-1, 0, 1)]
    texts = ["", "a", "ab", "\x00", "\xe9", "\xff", "\u0100", "\u20ac", "\U0001f600", "\ud800",
             "x" * 255, "x" * 256, "\u20ac" * 100, "line\nbreak\\u0041"]
    yield from [None, True, False, 0, -1, *edges, *(-edge for edge in edges)]
    yield from [0.0, -0.0, 1.5, math.inf, -math.inf, 5e-324, 1.7976931348623157e308]
    yield from texts
    yield texts + texts
    yield from [b"", b"a", b"\xff", bytes(range(256)), b"x" * 255, b"x" * 256]
    yield [b"", b"a", b"a", b"\xe9", "a", "a", "", b""]
    yield from [bytearray(), bytearray(b"a"), bytearray(b"ab"), bytearray(b"\xff" * 300)]
    for size in (0, 1, 2, 3, 4, 5, 999, 1000, 1001, 2000, 2001):
        yield list(range(size))
        yield tuple(range(size))
        yield {i: str(i) for i in range(size)}
        yield set(range(size))
        yield frozenset(range(size))
        yield collections.OrderedDict((str(i), i) for i in range(size))
        yield collections.deque(range(size))
    shared = ["shared", ("t", 1)]
    yield [shared, shared, (shared, shared), {"k": shared}]
    yield [(1,), (), ((),), ((), ())]
    yield collections.Counter("abracadabra")
    yield collections.defaultdict(int, {"a": 1})
    yield [fractions.Fraction(1, 3), decimal.Decimal("1.5"), complex(1, -2), range(3), slice(1, 2)]
    yield [int, str, list, fractions.Fraction, functools.reduce, math.sin, range]
    yield plain(a=1, b=[2], c={"d": plain()})
    yield functools.partial(int, base=2)


def large():
    """What does not fit into one frame."""
    yield ["w%06d" % i * 3 for i in range(20_000)]
    yield {"k%d" % i: [float(i)] * 3 for i in range(20_000)}
    yield [b"x" * 65_535, b"x" * 65_536, b"y" * 70_000, 1, "z" * 65_535, "z" * 65_536, "z" * 70_000]
    yield [bytearray(b"x" * 65_536), b"\xff" * 200_000, "\u20ac" * 100_000, ["tail"] * 5]
    yield [b"x" * 70_000]
    yield b"x" * 70_000
    yield [[0] * 63, b"x" * 65_536, [1], b"y" * 65_536, ()]


def random_object(pick, depth=0):
    known = []

    def make(level):
        if known and pick.random() < 0.15:
            return pick.choice(known)
        kind = pick.randrange(11 if level < 5 else 6)
        if kind == 0:
            return pick.choice([None, True, False, pick.random(), -0.0])
        if kind == 1:
            return pick.randrange(-2 ** pick.randrange(1, 80), 2 ** pick.randrange(1, 80))
        if kind in (2, 3):
            return "".join(pick.choice("ab\xe9\u20ac") for _ in range(pick.randrange(5)))
        if kind == 4:
            return pick.randbytes(pick.choice([0, 1, 2, 300]))
        if kind == 5:
            return bytearray(pick.randbytes(pick.choice([0, 1, 2])))
        count = pick.choice([0, 1, 2, 3, 4, 5])
        items = [make(level + 1) for _ in range(count)]
        if kind == 6:
            made = items
        elif kind == 7:
            made = tuple(items)
        elif kind == 8:
            made = {str(i) * 2: item for i, item in enumerate(items)}
        elif kind == 9:
            made = plain(**{"attribute_%d" % i: item for i, item in enumerate(items)})
        else:
            made = pick.choice([set, frozenset])(range(1000, 1000 + count))
        known.append(made)
        return made

    return make(depth)


def arrays():
    f8 = numpy.arange(12.0)
    yield [f8, f8, f8.reshape(3, 4), numpy.asfortranarray(f8.reshape(3, 4)), "f8", "C"]
    for code in "?bBhHiIlLefdgFDG":
        yield numpy.arange(3).astype(code)
    yield [numpy.arange(3, dtype=">f4"), numpy.arange(3, dtype="<f4"), numpy.arange(3, dtype=">i2")]
    yield [numpy.array(["ab", "c"]), numpy.array([b"ab", b"c"]), numpy.zeros(3, "V5")]
    yield [numpy.array(2.5), numpy.zeros((0, 3)), numpy.zeros((2, 1, 2, 1, 2)), numpy.arange(1.0)]
    yield [numpy.arange(100_000.0), "between", numpy.arange(70_000, dtype="u1")]
    yield numpy.arange(8_192.0)
    yield {"weights": numpy.ones((300, 300), "f4"), "bias": numpy.zeros(300, "f4"), "step": 3}


def calls_of_numpy():
    """Arrays that stay the calls which make them."""
    yield numpy.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")])
    yield numpy.array(["2026-01-01"], dtype="M8[ns]")
    yield numpy.array([None, "x", [1]], dtype=object)
    yield [numpy.float64(1.5), numpy.int32(7), numpy.dtype("f4")]
    yield numpy.ma.masked_array([1, 2], mask=[True, False])
    yield numpy.arange(3).view(numpy.recarray)
