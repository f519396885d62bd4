#!/usr/bin/env python3
"""Compares lines that spell numbers with what three readers of CPython make of them: the C
unpickler decides what is taken, and where another one differs the machine must say so.

usage: PICKLE_TOOL=build/tests/differential/pickle_tool test_literals.py
"""
import io
import itertools
import pickle
import pickletools
import random
import unittest

from counts import TIMES
from readers import in_batch, judge

ALPHABET = [b"0", b"1", b"7", b"9", b"x", b"o", b"b", b"_", b"+", b"-", b" ", b"\t", b"\r", b"L",
            b".", b"e", b"a", b"\0", b"\x0b", b"\x1c", b"\xa0"]
WORDS = [b"inf", b"INF", b"-inf", b"+inf", b"Infinity", b"-infinity", b"nan", b"NaN", b"-nan",
         b"+nan", b"infinit", b"nan(1)", b"1e400", b"-1e400", b"1e-400", b"1e308", b"2e308",
         b"0x1p3", b"1_0.5", b"1_000", b"0x_1f", b"0x__1f", b"0X1F", b"0o17", b"0O17", b"0b11",
         b"017", b"-017", b"+0x10", b"0x", b"00x1", b"12L ", b" 12L", b"12l", b"1" * 4300,
         b"1" * 4301, b"-" + b"1" * 4300, b"0" * 4301, b"0x" + b"f" * 5000, b"0" * 5000 + b"7",
         b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808",
         b"-9223372036854775809", b"0777777777777777777777", b"01777777777777777777777",
         b"0x7fffffffffffffff", b"0xffffffffffffffff", b"007", b"0_7", b"0_0", b"00_0", b"1__0",
         b"1.5\0zz", b"12\0zz", b"12\0L", b"1 2", b"- 1", b"--1", b"1e5", b"1E5", b".5", b"5.",
         b"1.e3", b"+1.5", b" 1.5", b"1.5 ", b"1d5", b"1e", b"1e+", b"1e+5", b"0.10", b"00.1"]
OPCODES = (b"I", b"L", b"F")


def lines():
    """Every line of up to three characters, each word, and longer ones at random."""
    for length in range(4):
        yield from map(b"".join, itertools.product(ALPHABET, repeat=length))
    yield from WORDS
    pick = random.Random(11)
    for _ in range(20_000 * TIMES):
        yield b"".join(pick.choices(ALPHABET[:17], k=pick.randrange(4, 9)))


def outcome(read, stream):
    """The type and value as text, or None where it is refused."""
    try:
        value = read(stream)
    except Exception:  # nearly every kind
        return None
    return type(value).__name__ + (hex(value) if isinstance(value, int) else repr(value))


def by_c(stream):
    return pickle.Unpickler(io.BytesIO(stream)).load()


def by_python(stream):
    return pickle._Unpickler(io.BytesIO(stream)).load()


def by_pickletools(stream):
    """Of a stream of a number and STOP: its value."""
    return list(pickletools.genops(stream))[0][1]


class LiteralTest(unittest.TestCase):
    def verdicts(self, streams):
        """Whether the machine takes each, and whether it says that readers disagree."""
        disputes = in_batch("disputes", streams)
        for reading, dispute in zip(judge(streams), disputes):
            yield reading.accepts, dispute == "disputed"

    def check(self, streams, readers):
        taken = disputed = 0
        for stream, (accepts, disputes) in zip(streams, self.verdicts(streams)):
            wanted, *others = (outcome(read, stream) for read in readers)
            self.assertEqual(accepts, wanted is not None, stream)
            if any(other != wanted for other in others) and accepts:
                self.assertTrue(disputes, (stream, wanted, others))
            taken += accepts
            disputed += disputes
        return taken, disputed

    def test_numbers_are_taken_as_the_c_unpickler_takes_them(self):
        streams = [code + line + b"\n." for line in lines() for code in OPCODES]
        taken, disputed = self.check(streams, (by_c, by_python, by_pickletools))
        print(f"{len(streams)} numbers compared: {taken} taken, {disputed} of them disputed")
        self.assertGreater(disputed, 1_000)

    def test_indexes_of_the_memo_are_taken_as_the_c_unpickler_takes_them(self):
        small = [line for line in lines() if not line.strip(b"+-_ \t\r\0")[5:6].isdigit()]
        streams = [b"Nq\0q\1q\7" + code + line + b"\n." for line in small for code in (b"g", b"p")]
        taken, disputed = self.check(streams, (by_c, by_python))
        print(f"{len(streams)} indexes compared: {taken} taken, {disputed} of them disputed")
        self.assertGreater(disputed, 1_000)

    def test_what_picklers_write_is_not_disputed(self):
        pick = random.Random(12)
        values = [True, False, 0, -1, 10 ** 4000, 0.1, -0.0, 1e300, float("inf"), -float("inf"),
                  float("nan")]
        values += [pick.randrange(-2 ** 70, 2 ** 70) for _ in range(500)]
        values += [pick.uniform(-1e9, 1e9) * 10 ** pick.randrange(-200, 200) for _ in range(500)]
        streams = [pickle.dumps([value, value], 0) for value in values]
        self.assertEqual(list(self.verdicts(streams)), [(True, False)] * len(streams))


if __name__ == "__main__":
    unittest.main()
