"""Random objects of every kind that a pickler treats in its own way, from a seed."""
import enum
import pickle
import random
import sys
import types

# The same classes can live in several modules. Every way to be reduced has one.
CLASSES = '''
import collections
import enum

class Plain:
    def __init__(self, **state):
        self.__dict__.update(state)

class Slots:
    __slots__ = ("left", "right")
    def __reduce_ex__(self, protocol):
        return super().__reduce_ex__(max(protocol, 2))

class SlotsAndDict(Slots):
    pass

class Stateful:
    def __init__(self, state):
        self.state = state
    def __getstate__(self):
        return ("state", self.state)
    def __setstate__(self, state):
        self.state = state[1]

class Reduced:
    def __init__(self, *arguments):
        self.arguments = arguments
    def __reduce__(self):
        return Reduced, self.arguments

class ReducedWithItems(dict):
    def __reduce__(self):
        return ReducedWithItems, (), {"state": 1}, iter([]), iter(self.items())

class NewArguments(tuple):
    def __new__(cls, *items):
        return super().__new__(cls, items)
    def __getnewargs__(self):
        return tuple(self)

class NewKeywords(str):
    def __new__(cls, *, text):
        return super().__new__(cls, text)
    def __getnewargs_ex__(self):
        return (), {"text": str(self)}

class Outer:
    class Inner(Plain):
        class Innermost(Plain):
            pass
    @staticmethod
    def make(value):
        return value

class Items(list):
    pass

class Mapping(dict):
    pass

class Colour(enum.Enum):
    RED = 1
    GREEN = "green"

Point = collections.namedtuple("Point", "x y", module=__name__)

def function(value):
    return value
'''


def place(name):
    """Makes the module `name` hold the classes, with its parent packages."""
    for end in [i for i, c in enumerate(name + ".") if c == "."]:
        sys.modules.setdefault(name[:end], types.ModuleType(name[:end]))
    module = sys.modules[name]
    exec(CLASSES, module.__dict__)  # the text above
    return module


class Generator:
    """Two generators of one seed over two places make objects that differ in their place only."""

    def __init__(self, module, seed):
        self.module = module
        self.random = random.Random(seed)
        self.made = []
        self.words = ["key", "value", "weights", "a rather long text with blanks " * 3, "caf\u00e9",
                      "line\nfeed", "\ud800", "\\u0041'\"", "\U0001f600", "", "name", "x" * 300]

    def scalar(self):
        pick = self.random
        return pick.choice([
            lambda: None, lambda: True, lambda: False, lambda: pick.randrange(256),
            lambda: pick.randrange(-70000, 70000), lambda: pick.randrange(2 ** 40),
            lambda: -pick.randrange(2 ** pick.choice([31, 63, 64, 900, 3000])), pick.random,
            lambda: float("inf"), lambda: 1e-300, lambda: pick.choice(self.words),
            lambda: "text-%d" % pick.randrange(50), lambda: bytes(pick.choices(range(256), k=9)),
            lambda: b"x" * pick.choice([0, 255, 256]), lambda: bytearray(b"ab"),
            lambda: complex(1, 2), lambda: Ellipsis, lambda: int, lambda: len,
        ])()

    def hashable(self):
        pick = self.random
        return pick.choice([lambda: pick.randrange(99), lambda: "text-%d" % pick.randrange(50),
                            lambda: (pick.randrange(9), "t"), lambda: None, lambda: b"bytes"])()

    def several(self, depth, most=5):
        return [self.value(depth - 1) for _ in range(self.random.randrange(most))]

    def mapping(self, depth):
        return {self.hashable(): value for value in self.several(depth)}

    def state(self, depth):
        names = self.random.sample(["left", "right", "weights", "_cache"], 2)
        return {name: self.value(depth - 1) for name in names}

    def instance(self, depth):
        module, state = self.module, self.state(depth)
        make = self.random.choice([
            module.Plain, module.Outer.Inner, module.Outer.Inner.Innermost, self.slots,
            lambda **s: module.Stateful(s), lambda **s: module.Reduced(*s.values()),
            lambda **s: module.ReducedWithItems(s), lambda **s: module.NewArguments(*s),
            lambda **s: module.NewKeywords(text=min(s)), lambda **s: module.Items(s.values()),
            lambda **s: module.Mapping(s), lambda **s: module.Point(*s.values()),
            lambda **s: self.random.choice(list(module.Colour)),
            lambda **s: self.random.choice([module.function, module.Plain, module.Outer.Inner,
                                            module.Outer.make, module.Slots]),
        ])
        return make(**state)

    def slots(self, **state):
        made = self.random.choice([self.module.Slots, self.module.SlotsAndDict])()
        for name in ("left", "right"):
            setattr(made, name, state.get(name))
        return made

    def recursive(self, depth):
        made = self.random.choice([list, dict, self.module.Plain])()
        if isinstance(made, list):
            made += [self.value(depth - 1), made]
        elif isinstance(made, dict):
            made["self"] = (made,)
        else:
            made.self = {"again": made}
        return made

    def objects(self):
        return [self.value() for _ in range(3)]

    def value(self, depth=4):
        if self.made and self.random.random() < 0.1:
            return self.random.choice(self.made)  # shared
        if depth == 0:
            return self.scalar()
        made = self.random.choice([
            self.scalar, self.scalar, lambda: self.several(depth), lambda: self.mapping(depth),
            lambda: tuple(self.several(depth)), lambda: {self.hashable() for _ in range(4)},
            lambda: frozenset(self.hashable() for _ in range(3)), lambda: self.instance(depth),
            lambda: self.instance(depth), lambda: self.recursive(depth),
        ])()
        self.made.append(made)
        return made


def picklers():
    """Every protocol with the C pickler and the one in Python."""
    return [(protocol, pickler) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
            for pickler in (pickle.Pickler, pickle._Pickler)]


assert issubclass(place("differential.check").Colour, enum.Enum)
