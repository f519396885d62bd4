#!/usr/bin/env python3
"""Compares values of C++ with objects of CPython: what is decoded and encoded again is, byte for
byte, what CPython's pickler wrote; and both read what the other one wrote.

Only pickles made here are loaded.

usage: VALUE_TOOL=build/tests/differential/value_tool test_value.py
"""
import collections
import csv
import datetime
import fractions
import io
import os
import pathlib
import pickle
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import warnings

from objects import Generator, picklers, place
from spelling import Spelling
from values import (Keywords, Made, Plain, Slots, arrays, calls_of_numpy, large, plain,
                    random_object, recursive, simple)

try:
    import numpy
except ImportError:
    numpy = None

TOOL = os.environ["VALUE_TOOL"]
CORPUS = pathlib.Path(os.environ.get("BRINE_CORPUS")
                      or pathlib.Path(__file__).resolve().parents[3] / "shared/corpus")
PROTOCOLS = (2, 3, 4, 5)


def run(*words):
    done = subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{words[0]}: {done.returncode}: {done.stderr[:500]}")
    return done.stdout


def pack(payloads):
    return b"".join(struct.pack("<I", len(payload)) + payload for payload in payloads)


def unpack(content):
    payloads = []
    while content:
        size, = struct.unpack("<I", content[:4])
        payloads.append(content[4:4 + size])
        content = content[4 + size:]
    return payloads


class ValueTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)

    def again(self, payloads, protocol):
        path, out = self.root / "in", self.root / "out"
        path.write_bytes(pack(payloads))
        run("again", protocol, path, out)
        found = unpack(out.read_bytes())
        self.assertEqual(len(found), len(payloads))
        return found

    def check_bytes(self, objects, protocols=PROTOCOLS):
        for protocol in protocols:
            payloads = [pickle.dumps(value, protocol) for value in objects]
            for value, wanted, found in zip(objects, payloads, self.again(payloads, protocol)):
                if wanted != found:
                    self.fail(f"protocol {protocol}, {repr(value)[:100]}: {wanted[:300]} is not "
                              f"{found[:300]}")

    def test_plain_data_comes_back_byte_for_byte(self):
        self.check_bytes(list(simple()))

    def test_what_holds_itself_comes_back_byte_for_byte(self):
        self.check_bytes(recursive() + [recursive()])

    def test_frames_are_cut_where_python_cuts_them(self):
        self.check_bytes(list(large()))

    def test_instances_of_every_form_come_back_byte_for_byte(self):
        slots = Slots()
        slots.left = 1
        objects = [slots, Made(), Made(1, [2]), [Made()] * 2, plain(), plain(a=plain(b=plain()))]
        self.check_bytes(objects)
        self.check_bytes([Keywords(name="n"), [Keywords(name="n")] * 2], (4, 5))

    def test_random_objects_come_back_byte_for_byte(self):
        self.check_bytes([random_object(random.Random(seed)) for seed in range(3_000)])

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_arrays_come_back_byte_for_byte(self):
        self.check_bytes(list(arrays()))

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_other_objects_of_numpy_keep_their_calls(self):
        for protocol in PROTOCOLS:
            for made in PROTOCOLS:
                objects = list(calls_of_numpy())
                found = self.again([pickle.dumps(value, made) for value in objects], protocol)
                for value, payload in zip(objects, found):
                    self.assertEqual(repr(pickle.loads(payload)), repr(value))

    def test_every_protocol_is_read_and_written_as_every_other(self):
        # Whether a module's name and a class's are one text, no pickle of protocol 2 says.
        objects = list(simple()) + [[ValueError], [datetime.datetime(2026, 1, 2, 3)]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for made in range(6):
                payloads = [pickle.dumps(value, made) for value in objects]
                for protocol in PROTOCOLS:
                    for value, payload in zip(objects, self.again(payloads, protocol)):
                        loaded = pickle.loads(payload)
                        self.assertEqual(type(loaded), type(value))
                        self.assertEqual(self.spelled(loaded), self.spelled(value))

    def spelled(self, value):
        return vars(value).keys() if isinstance(value, Plain) else repr(value)

    def test_python_s_own_pickler_is_read(self):
        objects = recursive() + list(simple())
        for protocol in range(6):
            payloads = []
            for value in objects:
                out = io.BytesIO()
                pickle._Pickler(out, protocol).dump(value)
                payloads.append(out.getvalue())
            for value, payload in zip(objects, self.again(payloads, 4)):
                self.assertEqual(type(pickle.loads(payload)), type(value))

    def test_objects_of_every_kind_survive_every_pickler(self):
        module = place("some.place")
        for number, (protocol, pickler) in enumerate(picklers()):
            objects = [Generator(module, f"{number} {i}").objects() for i in range(150)]
            payloads = []
            for value in objects:
                out = io.BytesIO()
                pickler(out, protocol).dump(value)
                payloads.append(out.getvalue())
            for value, payload, found in zip(objects, payloads, self.again(payloads, 5)):
                with self.subTest(protocol=protocol, pickler=pickler.__name__):
                    expected = Spelling().of(pickle.loads(payload))
                    self.assertEqual(Spelling().of(pickle.loads(found)), expected)

    def test_two_readings_are_equal(self):
        objects = recursive() + list(simple())
        path = self.root / "in"
        path.write_bytes(pack([pickle.dumps(value, 4) for value in objects]))
        self.assertEqual(run("twice", path), "equal\n" * len(objects))

    def test_every_benign_pickle_of_the_corpus_is_read_and_written(self):
        if not (CORPUS / "MANIFEST.tsv").is_file():
            self.skipTest(f"there is no corpus at {CORPUS}; BRINE_CORPUS names another")
        with open(CORPUS / "MANIFEST.tsv", encoding="utf-8") as manifest:
            rows = [row for row in csv.DictReader(manifest, delimiter="\t")
                    if row["kind"] == "pickle" and row["label"] == "benign"]
        reasons = collections.Counter()
        for row in rows:
            done = subprocess.run([TOOL, "stable", CORPUS / row["file"]], capture_output=True,
                                  text=True, check=False)
            reasons[done.stdout or re.sub(r"[0-9]+", "N", done.stderr)] += 1
            self.assertGreaterEqual(done.returncode, 0, row["file"])
        allowed = ("equal\nequal\n", "at offset N of the pickle: ", "the pickle ends at offset N",
                   "an object that only the process knows", "a buffer stands beside")
        self.assertEqual([reason for reason in reasons if not reason.startswith(allowed)], [])
        self.assertGreater(reasons["equal\nequal\n"], 150)

    def sample(self, protocol):
        path = self.root / "sample"
        run("sample", protocol, path)
        payload, = unpack(path.read_bytes())
        return payload

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_python_loads_what_c_made(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol=protocol):
                value = pickle.loads(self.sample(protocol))
                weights = numpy.arange(6, dtype="f4").reshape(2, 3)
                for key, array in [("weights", weights), ("columns", [[1.0, 3.0], [2.0, 4.0]]),
                                   ("fixed", [b"abc"]), ("scalar", -5)]:
                    self.assertTrue((value[key] == array).all(), key)
                self.assertEqual(value.pop("weights").dtype, "float32")
                self.assertTrue(value.pop("columns").flags.f_contiguous)
                self.assertEqual([value.pop(key).dtype.str for key in ("fixed", "scalar")],
                                 ["|S3", "<i8"])
                self.assertEqual(value.pop("empty").shape, (0, 3))
                nest = value.pop("nest")
                self.assertEqual(nest[:2], [1, 2])
                self.assertIs(nest[2], nest)
                ordered = value.pop("object")
                self.assertIs(type(ordered), collections.OrderedDict)
                self.assertEqual(list(ordered), ["first", "second"])
                self.assertEqual(value, {
                    "epoch": 3, "loss": 0.25, "done": True, "nothing": None, "large": 2 ** 64 - 1,
                    "small": -2 ** 63, "huge": 1 - 2 ** 87, "text": "gr\xfc\xdf",
                    "bytes": b"\xff\x01 raw", "bytearray": bytearray(b"abc"), "tuple": (1, (), "x"),
                    "set": {1, 2}, "frozenset": frozenset("a"), 7: "seven", (1, 2): "key",
                    "class": fractions.Fraction, "fraction": fractions.Fraction(1, 3)})

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_shared_arrays_are_one_and_can_be_written_to(self):
        for protocol in PROTOCOLS:
            value = pickle.loads(self.sample(protocol))
            self.assertIs(value["weights"], value["object"]["second"])
            value["weights"][0, 0] = 9

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_loading_gives_no_warning(self):
        for protocol in PROTOCOLS:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                pickle.loads(self.sample(protocol))


if __name__ == "__main__":
    sys.exit(unittest.main())
