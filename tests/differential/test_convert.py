#!/usr/bin/env python3
"""Converts pickles between all protocols and compares what Python loads from them: equal objects,
with the same parts shared and the same objects inside themselves.

Only pickles made here are loaded; those of the corpus are disassembled.

usage: CONVERT_TOOL=build/tests/differential/convert_tool test_convert.py
"""
import _compat_pickle
import collections
import csv
import io
import os
import pathlib
import pickle
import pickletools
import random
import re
import struct
import subprocess
import tempfile
import unittest
import warnings

from objects import Generator, picklers, place
from programs import Program
from spelling import ExactSpelling as Spelling
from values import (arrays, calls_of_numpy, large, numpy, plain, random_object, recursive,
                    simple)

TOOL = os.environ["CONVERT_TOOL"]
CORPUS = pathlib.Path(os.environ.get("BRINE_CORPUS")
                      or pathlib.Path(__file__).resolve().parents[3] / "shared/corpus")
TARGETS = (2, 3, 4, 5)
SEED = os.environ.get("BRINE_SEED", "convert")
PROGRAMS = int(os.environ.get("BRINE_PROGRAMS", "20000"))
OBJECTS = int(os.environ.get("BRINE_OBJECTS", "120"))  # for each of 12 picklers, to 4 protocols


def dumps(value, protocol, pickler=pickle.Pickler):
    out = io.BytesIO()
    pickler(out, protocol).dump(value)
    return out.getvalue()


def names_of(payload):
    """The symbols that a pickle of protocols 2 and 3 looks up, as Python 3 has them."""
    for code, argument, _ in pickletools.genops(payload):
        if code.name != "GLOBAL":
            continue
        module, name = argument.split(" ")
        if payload[1] < 3 and (module, name) in _compat_pickle.NAME_MAPPING:
            module, name = _compat_pickle.NAME_MAPPING[module, name]
        elif payload[1] < 3:
            module = _compat_pickle.IMPORT_MAPPING.get(module, module)
        yield module, name


def opcodes(payload):
    return [code.name for code, _, _ in pickletools.genops(payload)]


class ConvertTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)

    def converted(self, payloads, protocol):
        """What the tool writes for each, empty where it cannot, and its sentences."""
        path, out = self.root / "in", self.root / "out"
        path.write_bytes(b"".join(struct.pack("<I", len(p)) + p for p in payloads))
        done = subprocess.run([TOOL, str(protocol), path, out], capture_output=True, text=True,
                              check=True)
        content, found = out.read_bytes(), []
        while content:
            size, = struct.unpack("<I", content[:4])
            found.append(content[4:4 + size])
            content = content[4 + size:]
        self.assertEqual(len(found), len(payloads))
        return found, done.stdout.splitlines()

    def check_form(self, payload, protocol):
        """No opcode is of a later protocol, and there is one PROTO."""
        codes = list(pickletools.genops(payload))
        self.assertLessEqual(max(code.proto for code, _, _ in codes), protocol)
        self.assertEqual([argument for code, argument, _ in codes if code.name == "PROTO"],
                         [protocol])

    def check(self, payloads, protocol):
        found, sentences = self.converted(payloads, protocol)
        self.assertEqual(sentences, [])
        for payload, result in zip(payloads, found):
            self.check_form(result, protocol)
            if len(result) < 10_000:  # is anything left on the stack?
                pickletools.dis(result, io.StringIO())
            self.assertEqual(Spelling().of(pickle.loads(result)),
                             Spelling().of(pickle.loads(payload)), (payload, result))
        return found

    def test_generated_objects_come_out_equal_in_every_protocol(self):
        module = place("some.place")
        for number, (made, pickler) in enumerate(picklers()):
            payloads = [dumps(Generator(module, f"{SEED} {number} {i}").objects(), made, pickler)
                        for i in range(OBJECTS)]
            for protocol in TARGETS:
                with self.subTest(made=made, protocol=protocol, pickler=pickler.__name__):
                    found = self.check(payloads, protocol)
                    self.assertEqual([a for a, b in zip(payloads, found)
                                      if made == protocol and a != b], [])

    def test_there_and_back_is_equal(self):
        module = place("some.place")
        payloads = [dumps(Generator(module, f"{SEED} back {i}").objects(), 5)
                    for i in range(OBJECTS)]
        for low in (2, 3, 4):
            lower = self.check(payloads, low)
            for result, payload in zip(self.check(lower, 5), payloads):
                self.assertEqual(Spelling().of(pickle.loads(result)),
                                 Spelling().of(pickle.loads(payload)))

    def check_all_pairs(self, objects):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for made, pickler in picklers():
                payloads = [dumps(value, made, pickler) for value in objects]
                for protocol in TARGETS:
                    with self.subTest(made=made, protocol=protocol, pickler=pickler.__name__):
                        self.check(payloads, protocol)

    def test_plain_data_comes_out_equal(self):
        self.check_all_pairs(list(simple()))

    def test_random_data_comes_out_equal(self):
        self.check_all_pairs([random_object(random.Random(f"{SEED} {i}")) for i in range(OBJECTS)])

    def test_what_holds_itself_comes_out_equal(self):
        self.check_all_pairs(recursive() + [recursive()])

    def test_what_does_not_fit_into_a_frame_comes_out_equal(self):
        objects = list(large())
        for made, protocol in ((0, 4), (2, 5), (4, 2), (5, 3)):
            self.check([pickle.dumps(value, made) for value in objects], protocol)

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_arrays_come_out_equal(self):
        objects = [*arrays(), *calls_of_numpy()]
        for made in range(6):
            payloads = [pickle.dumps(value, made) for value in objects]
            for protocol in TARGETS:
                found, sentences = self.converted(payloads, protocol)
                self.assertEqual(sentences, [])
                for value, result in zip(objects, found):
                    self.check_form(result, protocol)
                    self.assertEqual(repr(pickle.loads(result)), repr(value))

    def test_a_set_that_holds_itself_is_refused_below_protocol_4(self):
        whole = {plain()}
        for member in whole:
            member.home = whole
        tail = set(range(1000)) | {plain()}
        for member in tail:
            if not isinstance(member, int):
                member.home = [tail]
        for made in (4, 5):
            payloads = [pickle.dumps(value, made) for value in (whole, [tail], {"k": whole})]
            for protocol in (2, 3):
                found, sentences = self.converted(payloads, protocol)
                self.assertEqual(found, [b""] * 3)
                for sentence in sentences:
                    self.assertIn("unsupported: ", sentence)
                    self.assertIn("holds itself", sentence)
            self.check(payloads, 9 - made)

    def test_sets_of_every_size_keep_their_batches(self):
        self.check_all_pairs([[set(range(n)), frozenset(range(n)), {n, (n, frozenset({n}))}]
                              for n in (0, 1, 999, 1000, 1001, 2000, 2001)])

    def test_buffers_out_of_band_need_protocol_5(self):
        payload = pickle.dumps([pickle.PickleBuffer(b"ab"), pickle.PickleBuffer(bytearray(3))], 5,
                               buffer_callback=lambda buffer: False)
        for protocol in (2, 3, 4):
            found, sentences = self.converted([payload], protocol)
            self.assertEqual(found, [b""])
            self.assertIn("outside of the pickle", sentences[0])
        self.assertEqual(self.converted([payload], 5)[0], [payload])

    def test_bytes_are_bytes_and_a_bytearray_is_one(self):
        value = [bytes(range(256)), b"", bytearray(b"\xff" * 300), bytearray(), b"\x80" * 200_000]
        value += value
        for made in (3, 4, 5):
            low, = self.check([pickle.dumps(value, made)], 2)
            self.assertNotIn("BINBYTES", " ".join(opcodes(low)))
            self.assertEqual(collections.Counter(names_of(low)), {
                ("_codecs", "encode"): 1, ("builtins", "bytes"): 1, ("builtins", "bytearray"): 1})
            self.check([low], 5)

    def test_names_mean_the_same_in_every_protocol(self):
        symbols = {*_compat_pickle.NAME_MAPPING.values(), *_compat_pickle.REVERSE_NAME_MAPPING,
                   ("some.place", "Plain"), ("_pickle", "Pickler"), ("builtins", "BlockingIOError"),
                   *((module, "Name") for module in _compat_pickle.REVERSE_IMPORT_MAPPING)}
        payloads = [b"\x80\x04c%s\n%s\n." % (m.encode(), n.encode()) for m, n in sorted(symbols)]
        for high in (3, 4, 5):
            for low in (2, 3):
                found, sentences = self.converted(payloads, low)
                self.assertEqual(sentences, [])
                self.assertEqual([list(names_of(p)) for p in found], [[s] for s in sorted(symbols)])
                if low == 2:  # as CPython's pickler spells them, where it reads that back
                    for (module, name), result in zip(sorted(symbols), found):
                        self.check_spelling(module, name, result)
                again, _ = self.converted(self.converted(found, high)[0], low)
                self.assertEqual(again, found)

    def check_spelling(self, module, name, payload):
        wanted = _compat_pickle.REVERSE_NAME_MAPPING.get((module, name)) or (
            _compat_pickle.REVERSE_IMPORT_MAPPING.get(module, module), name)
        written = b"\x80\x02c%s\n%s\n." % tuple(word.encode() for word in wanted)
        if list(names_of(written)) == [(module, name)]:
            self.assertEqual(payload, written)

    def test_names_of_python_2_that_only_reading_knows_find_their_place(self):
        modules = [(module, "Other") for module in _compat_pickle.IMPORT_MAPPING]
        for module, name in [*_compat_pickle.NAME_MAPPING, *modules]:
            old = b"\x80\x02c%s\n%s\n." % (module.encode(), name.encode())
            found, sentences = self.converted([old], 3)
            self.assertEqual(sentences, [])
            self.assertEqual(list(names_of(found[0])), list(names_of(old)))

    def test_a_module_that_shadows_one_of_python_2_has_no_form_in_protocol_2(self):
        found, sentences = self.converted([b"\x80\x04\x8c\x08commands\x8c\x04Mine\x93."], 2)
        self.assertEqual(found, [b""])
        self.assertIn("commands:Mine has no form in protocol 2", sentences[0])

    def loaded(self, payload):
        """What it holds, or nothing where Python refuses it."""
        try:
            return Spelling().of(pickle.loads(payload))
        except Exception:  # an unpickler raises many kinds
            return None

    def test_programs_that_no_pickler_writes_do_the_same(self):
        payloads = [bytes(Program(f"{SEED} {i}").code) for i in range(PROGRAMS)]
        loaded = [(payload, spelled) for payload in payloads
                  if (spelled := self.loaded(payload)) is not None]
        self.assertGreater(len(loaded), PROGRAMS // 4)
        for protocol in TARGETS:
            found, sentences = self.converted([payload for payload, _ in loaded], protocol)
            known = ("holds itself", "a copy on the stack", "has no form in protocol")
            self.assertEqual([each for each in sentences
                              if not any(words in each for words in known)], [])
            self.assertLess(len(sentences), len(loaded) // 5)
            for (payload, spelled), result in zip(loaded, found):
                if result:
                    self.check_form(result, protocol)
                    self.assertEqual(self.loaded(result), spelled, (payload, result))

    def test_benign_pickles_of_the_corpus_keep_their_symbols(self):
        if not (CORPUS / "MANIFEST.tsv").is_file():
            self.skipTest(f"there is no corpus at {CORPUS}; BRINE_CORPUS names another")
        with open(CORPUS / "MANIFEST.tsv", encoding="utf-8") as manifest:
            rows = [row for row in csv.DictReader(manifest, delimiter="\t")
                    if row["kind"] == "pickle" and row["label"] == "benign"]
        payloads = [(CORPUS / row["file"]).read_bytes() for row in rows]
        for protocol in TARGETS:
            found, sentences = self.converted(payloads, protocol)
            reasons = collections.Counter(re.sub(r"[0-9]+", "N", each) for each in sentences)
            with self.subTest(protocol=protocol):
                self.assertEqual(reasons, {})
            for result in filter(None, found):
                self.check_form(result, protocol)


if __name__ == "__main__":
    unittest.main()
