#!/usr/bin/env python3
"""Compares what the machine refuses with what CPython's C unpickler refuses: every opcode that
takes values from the stack, with every combination of operand types.

The streams are made here; the names in them stand for a class that does nothing.

usage: PICKLE_TOOL=build/tests/differential/pickle_tool test_operands.py
"""
import itertools
import struct
import unittest

from readers import judge, load

OPERANDS = {
    "none": b"N", "true": b"\x88", "int": b"K\x01", "float": b"G" + bytes(8),
    "text": b"X\x01\0\0\0t",
    "bytes": b"C\x01b", "bytearray": b"\x96" + struct.pack("<Q", 1) + b"b", "list": b"]",
    "tuple": b")", "pair": b"NN\x86", "keys": b")}\x86", "set": b"\x8f", "frozenset": b"(\x91",
    "dict": b"}", "class": b"cm\nC\n", "object": b"K\x01Q",
}
OPEN = {"class", "object"}

# Opcode, operands below the mark (None: no mark), operands above or without it.
OPCODES = {
    "REDUCE": (b"R", None, 2), "NEWOBJ": (b"\x81", None, 2), "NEWOBJ_EX": (b"\x92", None, 3),
    "APPEND": (b"a", None, 2), "SETITEM": (b"s", None, 3), "BUILD": (b"b", None, 2),
    "READONLY_BUFFER": (b"\x98", None, 1), "BINPERSID": (b"Q", None, 1),
    "TUPLE1": (b"\x85", None, 1), "STACK_GLOBAL": (b"\x93", None, 2),
    "OBJ": (b"o", 0, 2), "APPENDS": (b"e", 1, 1), "SETITEMS": (b"u", 1, 2),
    "ADDITEMS": (b"\x90", 1, 1), "FROZENSET": (b"\x91", 0, 1), "DICT": (b"d", 0, 2),
    "LIST": (b"l", 0, 1), "TUPLE": (b"t", 0, 1), "APPENDS of none": (b"e", 1, 0),
    "SETITEMS of none": (b"u", 1, 0), "ADDITEMS of none": (b"\x90", 1, 0),
}


def streams():
    for opcode, (code, below, above) in OPCODES.items():
        for names in itertools.product(OPERANDS, repeat=above + (below or 0)):
            values = [OPERANDS[name] for name in names]
            at = below or 0
            mark = b"" if below is None else b"("
            yield opcode, names, b"".join([*values[:at], mark, *values[at:], code, b"."])


# What depends on more than the types: an index into a list, what a tuple holds, what None does to
# a slot state. There the machine may accept what CPython refuses, and only there.
def is_beyond_types(opcode, names):
    if opcode in ("SETITEM", "SETITEMS"):
        return names[0] in ("list", "bytearray") or names[1] == "keys"
    if opcode in ("APPEND", "APPENDS") and names[0] == "bytearray":
        return True
    if opcode in ("ADDITEMS", "FROZENSET", "DICT"):
        return "keys" in names
    return opcode == "BUILD" and names[1] in ("tuple", "pair", "keys")


class OperandsTest(unittest.TestCase):
    def test_what_types_decide_is_decided_as_the_c_unpickler_decides_it(self):
        cases = list(streams())
        self.assertGreater(len(cases), 10_000)
        verdicts = list(judge(stream for _, _, stream in cases))
        self.assertEqual(len(verdicts), len(cases))
        accepted = 0
        for (opcode, names, stream), verdict in zip(cases, verdicts):
            computed = "is computed" in verdict.reason
            if computed and OPEN & set(names):
                continue  # a name that only imported code knows is not followed
            loaded = load(stream).accepts
            accepted += loaded
            if loaded or not (OPEN & set(names) or is_beyond_types(opcode, names)):
                self.assertEqual(verdict.accepts, loaded, (opcode, names, stream, verdict))
        self.assertGreater(accepted, 1_000)


if __name__ == "__main__":
    unittest.main()
