#!/usr/bin/env python3
"""Compares the pickle room with CPython: opcodes with pickletools, symbols with what an Unpickler
looks up, renamed pickles with those that a pickler writes for the new names.

Only pickles made here are loaded; those of the corpus and mutated ones never are.

usage: PICKLE_TOOL=build/tests/differential/pickle_tool test_pickle.py
"""
import codecs
import collections
import csv
import gzip
import io
import os
import pathlib
import pickle
import pickletools
import random
import subprocess
import tempfile
import unittest
import warnings

from counts import MUTATIONS, OBJECTS
from objects import Generator, picklers, place
from readers import in_batch, judge

TOOL = os.environ["PICKLE_TOOL"]
CORPUS = pathlib.Path(os.environ.get("BRINE_CORPUS")
                      or pathlib.Path(__file__).resolve().parents[3] / "shared/corpus")
BYTE_OF = {code.name: ord(code.code) for code in pickletools.opcodes}


def run(command, *arguments, check=True):
    done = subprocess.run([TOOL, command, *map(str, arguments)], capture_output=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"{command}: {done.returncode}: {done.stderr.decode()[:500]}")
    return done


def dumps(pickler, protocol, value):
    out = io.BytesIO()
    pickler(out, protocol).dump(value)
    return out.getvalue()


def opcodes(payload):
    """The opcodes up to STOP as the tool prints them, without the arguments' lengths."""
    return [(position, code.name) for code, _, position in pickletools.genops(payload)]


def digest_of(expected):
    """The number that the tool prints in a batch."""
    digest = 0
    for position, name in expected:
        digest = (digest * 1_000_003 + position * 256 + BYTE_OF[name]) % 4_294_967_291
    return digest


def frames_hold(payload):
    """Whether every opcode of a pickle that genops accepts keeps to its frame, STOP included."""
    stream, end = io.BytesIO(payload), 0
    for code, argument, _ in pickletools.genops(stream):
        if end and (code.name == "FRAME" or stream.tell() > end):
            return False
        if end == stream.tell():
            end = 0
        if code.name == "FRAME" and argument:
            end = stream.tell() + argument
    return end == 0


def pickles_of(output):
    """Splits what the tool printed into (lines, verdict) of each pickle."""
    lines = []
    for line in output.decode().splitlines():
        if line.startswith(("complete ", "failed ")):
            yield lines, line
            lines = []
        else:
            lines.append(line)


class Recorder(pickle.Unpickler):
    """Loads a pickle that was made here and counts what it looks up."""

    def __init__(self, payload):
        super().__init__(io.BytesIO(payload))
        self.found = collections.Counter()

    def find_class(self, module, name):
        self.found[module, name] += 1
        return super().find_class(module, name)


class PickleTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)

    def write(self, name, content):
        path = self.root / name
        path.write_bytes(content)
        return path

    def check_tokens(self, path, payloads):
        results = list(pickles_of(run("tokens", path).stdout))
        self.assertEqual(len(results), len(payloads))
        base = 0
        for payload, (lines, verdict) in zip(payloads, results):
            ours = [(int(place) - base, name)
                    for place, name, _ in (line.split(" ") for line in lines)]
            self.assertEqual(ours, opcodes(payload))
            base += len(payload)
            self.assertEqual(verdict, f"complete {base}")

    def check_symbols(self, path, payloads):
        results = list(pickles_of(run("symbols", path).stdout))
        self.assertEqual(len(results), len(payloads))
        for payload, (lines, verdict) in zip(payloads, results):
            self.assertTrue(verdict.startswith("complete"), verdict)
            recorder = Recorder(payload)
            recorder.load()
            ours = {(module, name): int(count)
                    for count, module, name in (line.split("\t") for line in lines)}
            self.assertEqual(ours, recorder.found)

    def test_opcodes_and_symbols_are_those_of_python(self):
        module = place("some.place")
        for number, (protocol, pickler) in enumerate(picklers()):
            with self.subTest(protocol=protocol, pickler=pickler.__name__):
                payloads = [dumps(pickler, protocol, Generator(module, f"{number} {i}").objects())
                            for i in range(OBJECTS)]
                path = self.write("many.pkl", b"".join(payloads))
                self.check_tokens(path, payloads)
                self.check_symbols(path, payloads)
        print(f"{OBJECTS * len(picklers())} generated pickles compared")

    def test_large_buffers_and_buffers_out_of_band(self):
        large = [b"x" * 70_000, "y" * 70_000, bytearray(b"z" * 200_000), ["w" * 100] * 3_000,
                 {i: str(i) * 20 for i in range(5_000)}]
        for protocol, pickler in picklers():
            payloads = [dumps(pickler, protocol, value) for value in large + [large]]
            self.check_tokens(self.write("large.pkl", b"".join(payloads)), payloads)
        out_of_band = [pickle.dumps([pickle.PickleBuffer(b"ab"), pickle.PickleBuffer(bytearray(3))],
                                    5, buffer_callback=lambda buffer: False)]
        self.assertIn("READONLY_BUFFER", [name for _, name in opcodes(out_of_band[0])])
        self.check_tokens(self.write("buffers.pkl", out_of_band[0]), out_of_band)

    def test_opcodes_are_those_of_pickletools_on_the_corpus(self):
        if not (CORPUS / "MANIFEST.tsv").is_file():
            self.skipTest(f"there is no corpus at {CORPUS}; BRINE_CORPUS names another")
        compared = 0
        with open(CORPUS / "MANIFEST.tsv", encoding="utf-8") as manifest:
            rows = [row for row in csv.DictReader(manifest, delimiter="\t")
                    if row["kind"] in ("pickle", "gzip>pickle") and row["proto_declared"] != ""]
        for row in rows:
            payload = (CORPUS / row["file"]).read_bytes()
            if row["kind"] == "gzip>pickle":
                payload = gzip.decompress(payload)
            try:
                expected = opcodes(payload)
            except ValueError:
                continue
            with self.subTest(file=row["file"]):
                compared += self.check_first(payload, expected, row["label"])
        self.assertGreater(compared, 150)

    def check_first(self, payload, expected, label):
        path = self.write("one.pkl", payload)
        if not frames_hold(payload):
            self.assertIn(b"frame", run("tokens", path).stdout)
            return 0
        lines, verdict = next(pickles_of(run("tokens", path).stdout))
        self.assertEqual([(int(at), name) for at, name, _ in map(str.split, lines)], expected)
        if label == "benign":
            symbols = next(pickles_of(run("symbols", path).stdout))
            self.assertEqual(symbols[1], verdict)
        return 1

    def test_a_renamed_pickle_is_the_one_of_the_new_place(self):
        old, new = place("old.place"), place("new.longer.place")
        for number, (protocol, pickler) in enumerate(picklers()):
            with self.subTest(protocol=protocol, pickler=pickler.__name__):
                before, after = (
                    b"".join(dumps(pickler, protocol, Generator(module, f"{number} {i}").objects())
                             for i in range(200)) for module in (old, new))
                path, out = self.write("old.pkl", before), self.root / "renamed.pkl"
                self.assertNotEqual(before, after)
                run("rename", path, "old.place", "new.longer.place", out)
                self.assertEqual(out.read_bytes(), after)
                run("rename", out, "old.place", "new.longer.place", self.root / "again.pkl")
                self.assertEqual((self.root / "again.pkl").read_bytes(), after)

    def test_texts_that_are_data_too_stay_and_the_rest_moves(self):
        old, new = place("old.place"), place("new.longer.place")
        names = ["Plain", "Stateful", "Slots", "Items", "function"]

        def pair(choice, name):
            if choice == "class":
                return getattr(old, name), getattr(new, name)
            text = getattr(old, name).__module__ if choice == "module" else name
            return text, text

        for number, (protocol, pickler) in enumerate(picklers()):
            pick, before, after = random.Random(number), [], []
            for _ in range(100):
                pairs = [pair(pick.choice(["class", "module", "name"]), pick.choice(names))
                         for _ in range(8)]
                before.append(dumps(pickler, protocol, [mine for mine, _ in pairs]))
                after.append([theirs for _, theirs in pairs])
            path, out = self.write("old.pkl", b"".join(before)), self.root / "renamed.pkl"
            run("rename", path, "old.place", "new.longer.place", out)
            stream = io.BytesIO(out.read_bytes())
            self.assertEqual([pickle.load(stream) for _ in after], after)
            self.assertEqual(stream.read(), b"")

    def mutated(self, pick, payload):
        changed = bytearray(payload)
        for _ in range(pick.choice([1, 1, 1, 2, 5])):
            at = pick.randrange(len(changed) + 1)
            kind = pick.randrange(4)
            if kind == 0:
                changed[at:at] = bytes(pick.choices(range(256), k=pick.randrange(1, 5)))
            elif kind == 1:
                del changed[at:at + pick.randrange(1, 9)]
            elif kind == 2 and at < len(changed):
                changed[at] ^= 1 << pick.randrange(8)
            elif at < len(changed):
                changed[at] = pick.randrange(256)
        return bytes(changed) or b"."

    def test_mutated_streams_are_read_as_pickletools_reads_them(self):
        pick, module = random.Random(7), place("some.place")
        whole = [dumps(pickler, protocol, Generator(module, f"mutate {i}").value(2))
                 for i in range(60) for protocol, pickler in picklers()]
        whole = [payload for payload in whole if len(payload) < 400]
        payloads = [self.mutated(pick, pick.choice(whole)) for _ in range(MUTATIONS)]
        lines, readings = in_batch("batch", payloads), list(judge(payloads))
        self.assertEqual([len(lines), len(readings)], [MUTATIONS] * 2)
        accepted = followed = 0
        warnings.simplefilter("ignore", DeprecationWarning)  # of escapes that are none
        for payload, line, reading in zip(payloads, lines, readings):
            try:
                expected = opcodes(payload)
            except Exception:  # pickletools raises many kinds
                continue
            if frames_hold(payload):
                accepted += 1
                end = expected[-1][0] + 1
                wanted = f"{digest_of(expected)} complete {end}"
                self.assertEqual(line.split("\t")[0], wanted, payload)
            if reading.accepts:
                followed += 1
                self.check_spelled_symbols(payload, reading.symbols)
        print(f"{MUTATIONS} mutated pickles compared: the reader takes {accepted}, "
              f"the machine {followed}")
        self.assertGreater(accepted, MUTATIONS // 20)

    def check_spelled_symbols(self, payload, symbols):
        """Those that an opcode spells must be there, and one more for each STACK_GLOBAL."""
        stacked, spelled = 0, collections.Counter()
        for code, argument, _ in pickletools.genops(payload):
            stacked += code.name == "STACK_GLOBAL"
            if code.name in ("GLOBAL", "INST"):
                spelled[argument] += 1
        found = collections.Counter()
        for (module, name), count in symbols.items():
            text = f"{module} {name}".encode()  # in which pickletools undoes escapes
            found[codecs.escape_decode(text)[0].decode()] += count
        self.assertEqual(spelled - found, collections.Counter(), payload)
        self.assertEqual(found.total() - spelled.total(), stacked, payload)


if __name__ == "__main__":
    unittest.main()
