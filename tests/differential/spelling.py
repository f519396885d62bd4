"""Objects as text, to compare what two pickles load."""
import enum


class Spelling:
    """An object as text: kinds, contents, attributes, and what is one object in several places."""

    unshared = (tuple, frozenset)  # what may be one object in one pickle and several in another

    def __init__(self):
        self.seen = {}

    def items(self, values):
        return "(" + " ".join(self.of(value) for value in values) + ")"

    def of(self, value):
        if isinstance(value, (type, str, bytes, int, float, complex, type(None), type(Ellipsis),
                              enum.Enum)) or callable(value):
            return repr(value)
        if not isinstance(value, self.unshared):
            if id(value) in self.seen:
                return f"#{self.seen[id(value)]}"
            self.seen[id(value)] = len(self.seen)
        text = type(value).__qualname__
        if isinstance(value, dict):
            text += self.items(part for pair in value.items() for part in pair)
        elif isinstance(value, (set, frozenset)):
            text += self.items(sorted(value, key=repr))
        elif isinstance(value, (list, tuple, bytearray)):
            text += self.items(value)
        names = [*getattr(value, "__dict__", ()), *getattr(type(value), "__slots__", ())]
        return text + "".join(f" {name}={self.of(getattr(value, name, 0))}" for name in names)


class ExactSpelling(Spelling):
    unshared = ()
