#!/usr/bin/env python3
"""Compares listings, verdicts and symbols on the data of CPython's own pickle tests.

The byte strings are taken from the sources of those tests, which are parsed and never run. The C
unpickler loads them with every name standing for a class that does nothing.

usage: PICKLE_TOOL=.../pickle_tool DIS_TOOL=.../dis_tool test_cpython_data.py
"""
import ast
import collections
import pathlib
import sysconfig
import unittest
import warnings

from listings import ListingCase
from readers import judge, load

TESTS = pathlib.Path(sysconfig.get_path("stdlib")) / "test"
SOURCES = ["pickletester.py", "test_pickle.py", "test_pickletools.py", "test_picklebuffer.py",
           "datetimetester.py", "test_enum.py", "test_defaultdict.py", "test_xml_etree.py"]
LONGEST = 1 << 16  # of a constant that an expression makes
PACKAGE = "libpython3.11-testsuite"


class Constants(ast.NodeVisitor):
    """Collects every bytes object that an expression of constants makes, whole ones and parts."""

    def __init__(self):
        self.names = {}
        self.found = set()

    def value(self, node):
        """What `node` stands for where that takes no code to tell, else None."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, (bytes, int)) else None
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if not isinstance(node, ast.BinOp):
            return None
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Add) and isinstance(left, bytes) and isinstance(right, bytes):
            return left + right
        if isinstance(node.op, ast.Mult) and isinstance(left, bytes) and isinstance(right, int):
            return left * right if 0 <= right * len(left) <= LONGEST else None
        return None

    def visit_Assign(self, node):
        value = self.value(node.value)
        if isinstance(value, bytes) and isinstance(node.targets[0], ast.Name):
            self.names[node.targets[0].id] = value
        self.generic_visit(node)

    def generic_visit(self, node):
        value = self.value(node)
        if isinstance(value, bytes):
            self.found.add(value)
        super().generic_visit(node)


def pickles():
    """The byte strings of the sources; and the files that hold one pickle each."""
    constants = Constants()
    for name in SOURCES:
        constants.visit(ast.parse((TESTS / name).read_bytes(), name))
    found = constants.found | {path.read_bytes() for path in sorted(TESTS.glob("*.pck"))}
    return sorted(payload for payload in found if payload)


@unittest.skipUnless((TESTS / "pickletester.py").is_file(), f"{PACKAGE} is not installed")
class CpythonDataTest(ListingCase):
    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", DeprecationWarning)  # of escapes that are none
        cls.payloads = pickles()

    def test_listings_are_those_of_pickletools(self):
        self.assertGreater(self.check(self.payloads), 70)

    def compare(self, payloads):
        """Requires equal readings and returns the pickles that are whole."""
        whole = []
        for payload, ours in zip(payloads, judge(payloads)):
            theirs = load(payload)
            if theirs is None:
                continue
            self.assertEqual(ours.accepts, theirs.accepts, (payload, ours, theirs))
            # What was looked up before a failure is looked up all the same.
            self.assertEqual(theirs.symbols - ours.symbols, collections.Counter(), payload)
            if theirs.accepts:
                whole.append(payload)
                self.assertEqual(ours.symbols, theirs.symbols, payload)
        return whole

    def test_verdicts_and_symbols_are_those_of_the_c_unpickler(self):
        whole = self.compare(self.payloads)
        self.assertGreater(len(whole), 70)
        # Their fronts, and what an opcode too many or too few does to the stack.
        fronts = {payload[:end] for payload in whole for end in range(1, min(len(payload), 900))}
        fronts |= {front + b"." for front in fronts}
        read = self.compare(sorted(fronts))
        print(f"{len(self.payloads)} byte strings, {len(whole)} of them whole; "
              f"{len(fronts)} made of these, {len(read)} of them whole")
        self.assertGreater(len(fronts), 5_000)


if __name__ == "__main__":
    unittest.main()
