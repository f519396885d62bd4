"""Random pickles that no pickler would write: values are put, fetched, copied and dropped in any
order. All that they import are the classes of values.py; so it is safe to load them."""
import random

TEXTS = ["values", "Plain", "Keywords", "Slots", "name", "values.Plain", "x" * 300]
SYMBOLS = [("values", "Plain"), ("values", "Keywords"), ("values", "Slots")]
HASHABLE = ("text", "number", "bytes", "class", "frozenset")


def text(word, short):
    content = word.encode()
    if short and len(content) < 256:
        return b"\x8c" + bytes([len(content)]) + content
    return b"X" + len(content).to_bytes(4, "little") + content


class Program:
    """Writes opcodes that suit what is on the stack, of which it knows the kinds."""

    def __init__(self, seed):
        self.pick = random.Random(seed)
        self.protocol = self.pick.choice([2, 4, 4, 5, 5])
        self.code = bytearray([0x80, self.protocol])
        self.stack, self.memo = [], {}
        self.mark()
        for _ in range(self.pick.randrange(4, 40)):
            self.step()
        while "(" in self.stack:
            self.gather(b"t", "tuple")
        self.code += b"."

    def put(self, code, popped=0, pushed=None):
        self.code += code
        if popped:
            del self.stack[-popped:]
        if pushed:
            self.stack.append(pushed)

    def mark(self):
        self.put(b"(", pushed="(")

    def above_mark(self):
        return self.stack[::-1].index("(")

    def gather(self, code, kind=None):
        self.put(code, self.above_mark() + 1, kind)

    def top(self, *kinds):
        """Whether these kinds are on top, the last one topmost; None: any."""
        found = self.stack[len(self.stack) - len(kinds):]
        return len(found) == len(kinds) and all(
            have != "(" and (want is None or have in want) for want, have in zip(kinds, found))

    def items_are(self, kinds):
        return all(kind in kinds for kind in self.stack[len(self.stack) - self.above_mark():])

    def target(self):
        """The kind below the topmost mark."""
        at = len(self.stack) - self.above_mark() - 2
        return self.stack[at] if at >= 0 else None

    def step(self):
        choices = [self.literal] * 2 + [self.text] * 3 + [self.container] * 2 + [
            self.mark, self.gathered, self.items, self.drop, self.copy, self.remember,
            self.remember, self.fetch, self.fetch, self.symbol, self.symbol, self.instance,
            self.instance]
        self.pick.choice(choices)()

    def literal(self):
        code, kind = self.pick.choice([
            (b"K\x05", "number"), (b"N", "number"), (b"C\x02a\xff", "bytes"), (b"C\x00", "bytes"),
            (b"I01\n", "number"), (b"L-7L\n", "number"), (b"F0.5\n", "number"), (b"Vab\n", "text"),
            (b"\x96\x01" + bytes(7) + b"z", "bytearray")])
        self.put(code, pushed=kind)

    def text(self):
        self.put(text(self.pick.choice(TEXTS), self.pick.random() < 0.7), pushed="text")

    def container(self):
        self.put(*self.pick.choice([(b"]", 0, "list"), (b"}", 0, "dict"), (b")", 0, "tuple"),
                                    (b"\x8f", 0, "set"), (b"\x8f", 0, "set")]))

    def gathered(self):
        kind = self.pick.choice(["tuple", "frozenset", "list", "dict", "short"])
        if kind == "short":
            count = self.pick.randrange(1, 4)
            if self.top(*[None] * count):
                self.put(bytes([0x84 + count]), count, "tuple")
        elif "(" in self.stack[1:]:
            if kind == "tuple":
                self.gather(b"t", kind)
            elif kind == "list":
                self.gather(b"l", kind)
            elif kind == "frozenset" and self.items_are(HASHABLE):
                self.gather(b"\x91", kind)
            elif kind == "dict" and self.above_mark() == 0:
                self.gather(b"d", kind)

    def items(self):
        if self.top(("list",), None):
            self.put(b"a", 1)
        elif self.top(("dict",), HASHABLE, None):
            self.put(b"s", 2)
        elif "(" in self.stack[1:]:
            if self.target() == "list":
                self.gather(b"e")
            elif self.target() == "set" and self.items_are(HASHABLE):
                self.gather(b"\x90")

    def drop(self):
        if len(self.stack) > 1 and self.pick.random() < 0.7:
            self.put(b"0", 1)
        elif "(" in self.stack[1:]:
            self.gather(b"1")

    def copy(self):
        if self.top(None):
            self.put(b"2", pushed=self.stack[-1])

    def remember(self):
        if not self.top(None):
            return
        index = self.pick.choice([len(self.memo), self.pick.randrange(4), 300])
        code = self.pick.choice([b"p%d\n" % index, b"r" + index.to_bytes(4, "little")])
        if self.pick.random() < 0.5:
            code, index = b"\x94", len(self.memo)
        self.memo[index] = self.stack[-1]
        self.put(code)

    def fetch(self):
        if self.memo:
            index = self.pick.choice(list(self.memo))
            self.put(b"j" + index.to_bytes(4, "little"), pushed=self.memo[index])

    def symbol(self):
        module, name = self.pick.choice(SYMBOLS)
        if self.top(("text",), ("text",)) and self.pick.random() < 0.4:
            self.put(b"\x93", 2, "class")
        elif self.pick.random() < 0.5:
            self.put(f"c{module}\n{name}\n".encode(), pushed="class")
        else:
            self.put(text(module, True), pushed="text")
            if self.pick.random() < 0.5:
                self.remember()
            self.put(text(name, True), pushed="text")
            if self.pick.random() < 0.5:
                self.remember()
            self.put(b"\x93", 2, "class")

    def instance(self):
        if self.top(("class",), ("tuple",)):
            self.put(self.pick.choice([b"R", b"\x81"]), 2, "object")
        elif self.top(("class",), ("tuple",), ("dict",)):
            self.put(b"\x92", 3, "object")
        elif self.top(("object",), ("dict",)):
            self.put(b"b", 1)
        elif self.top(("class",)):
            self.put(self.pick.choice([b")\x81", b")}\x92", b")}X\x04\x00\x00\x00nameK\x01s\x92"]),
                     1, "object")
