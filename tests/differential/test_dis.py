#!/usr/bin/env python3
"""Compares listings with those of pickletools.dis, byte for byte. Nothing is loaded.

usage: DIS_TOOL=build/tests/differential/dis_tool test_dis.py
"""
import bz2
import csv
import gzip
import io
import lzma
import os
import pathlib
import pickle
import pickletools
import random
import struct
import sys
import unicodedata
import unittest

from counts import MUTATIONS, OBJECTS
from listings import ListingCase
from objects import Generator, picklers, place

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared"
CORPUS = pathlib.Path(os.environ.get("BRINE_CORPUS") or SHARED / "corpus")
CORPORA = (CORPUS, CORPUS.with_name(CORPUS.name + "_bad"))
OPENERS = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ": lzma.decompress}
LARGEST = 8 << 20  # of corpus files: pickletools takes a while


def counted(code, content, width):
    return code + len(content).to_bytes(width, "little") + content


def binary(value):
    return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)


class ListingTest(ListingCase):
    def test_every_character_is_printed_as_python_prints_it(self):
        self.assertEqual(unicodedata.unidata_version, "14.0.0")
        everything = [chr(c) for c in range(sys.maxunicode + 1)]
        texts = ["".join(everything[i:i + 97]) for i in range(0, len(everything), 97)]
        payloads = [pickle.dumps(text, protocol) for text in texts for protocol in (0, 4)]
        payloads += [pickle.dumps("".join(everything), protocol) for protocol in (0, 2, 4)]
        self.assertEqual(self.check(payloads), len(payloads))

    def test_every_byte_is_printed_as_python_prints_it(self):
        contents = [bytes([byte]) for byte in range(256)] + [
            bytes(range(256)), b"", b"'", b'"', b"'\"", b"it's", b"\\'\t\n\r\0\x7f\x80\xff"]
        forms = [(b"C", 1), (b"B", 4), (b"\x8e", 8), (b"\x96", 8), (b"U", 1), (b"T", 4),
                 (b"\x8c", 1), (b"X", 4), (b"\x8d", 8)]
        payloads = [counted(code, content[:255] if width == 1 else content, width) + b"."
                    for content in contents for code, width in forms]
        self.assertGreater(self.check(payloads), 1500)

    def test_floats_are_the_shortest_that_read_back(self):
        pick = random.Random(1)
        values = [0.0, -0.0, 1e16, 1e15, 9999999999999998.0, 1e-4, 1e-5, 0.00012, 123456.789,
        5e-324,
                  1.7976931348623157e308, 2.2250738585072014e-308, float("inf"), -float("inf"),
                  float("nan"), 2.0 ** -44, 1e22, 1e23, 9007199254740993.0, 0.1, 1 / 3]
        values += [2.0 ** power for power in range(-1074, 1024)]
        values += [10.0 ** power for power in range(-323, 309)]
        values += [struct.unpack(">d", pick.randbytes(8))[0] for _ in range(40_000)]
        values += [round(pick.uniform(-1e6, 1e6), pick.randrange(12)) for _ in range(20_000)]
        self.assertEqual(self.check(pickle.dumps(values[i:i + 999], protocol)
                                    for i in range(0, len(values), 999)
                                    for protocol in (0, 2)), 2 * -(-len(values) // 999))

    def test_spelled_floats_are_read_as_python_reads_them(self):
        texts = [b"1", b"1.", b".5", b"-.5e1", b"+1e5", b" 1.5 ", b"\t2\x0b", b"1_0.0_1e1_0",
                 b"inf",
                 b"-Infinity", b"NaN", b"-nan", b"1e400", b"-1e400", b"1e-400", b"0e9999999",
                 b"1e99999999999999999999", b"1e-99999999999999999999", b"0." + b"0" * 400 + b"1",
                 b"1" * 400, b"0.000e-5", b"123456789012345678901234567890", b"4.9e-324", b"2e-324",
                 b"2.4703282292062328e-324", b"1.7976931348623159e308", b"00.10",
                 b"0." + b"0" * 300 + b"1e300", b"1" + b"0" * 300 + b"e-300",
                 b"", b".", b"e5", b"1e", b"1e+", b"_1", b"1_", b"1__0", b"1_.0", b"1._0", b"0x1",
                 b"1 2", b"1\0", b"infinit", b"nan(1)", b"- 1", b"+-1", b"1d5", b"\xff", b"\xa01"]
        self.assertGreater(self.check(b"F" + text + b"\n." for text in texts), 25)

    def test_integers_of_any_size(self):
        edges = [0, 1, -1, 255, 256, 2 ** 31 - 1, -2 ** 31, 2 ** 32 - 1, 2 ** 63 - 1, 2 ** 63,
                 -2 ** 63, -2 ** 63 - 1, 2 ** 64, 10 ** 9, 10 ** 18, -10 ** 27, 2 ** 1000 + 1,
                 10 ** 4299, 10 ** 4300 - 1, 10 ** 4300, -10 ** 4300 + 1, -10 ** 4300, 2 ** 20000]
        pick = random.Random(2)
        edges += [pick.choice([1, -1]) * pick.randrange(2 ** pick.randrange(1, 14000))
                  for _ in range(300)]
        payloads = [counted(b"\x8b", binary(value), 4) + b"." for value in edges]
        payloads += [pickle.dumps(value, protocol) for value in edges if abs(value) < 10 ** 600
                     for protocol in (0, 1, 2)]
        for tail in (b"\0" * 200_000, b"\xff" * 200_000, b"\0" * 200_000 + b"\x01",
        b"\x80" * 70_000,
                     b"\0" * 69_000 + b"\x80", b"\xff" * 3000 + b"\0" * 1000):
            for front in (b"", b"\x01", b"\xfe\xff", b"\x12\x34" * 500):
                payloads.append(counted(b"\x8b", front + tail, 4) + b".")
        self.assertGreater(self.check(payloads), 300)

    def test_spelled_integers_are_read_as_python_reads_them(self):
        texts = [b"0", b"00", b"01", b"02", b"000", b"-0", b"+7", b" 12 ", b"\x0c5\r", b"1_000",
                 b"-0012", b"9" * 4300, b"0" * 4301, b"9" * 4301, b"-" + b"9" * 4300, b"12L",
                 b"00L",
                 b"01L", b"L", b"", b" ", b"-", b"+-1", b"_1", b"1_", b"1__0", b"1 2", b"0x10",
                 b"1.0",
                 b"1\0", b"\xb2", b"- 1", b"1_" * 2000 + b"1", b"1_" * 4300 + b"1"]
        payloads = [code + text + b"\n." for code in (b"I", b"L") for text in texts]
        payloads += [b"Np" + text + b"\n0g" + text + b"\n." for text in texts]
        self.assertGreater(self.check(payloads), 40)

    def test_spelled_texts_are_read_as_python_reads_them(self):
        texts = [b"abc", b"a\\nb", b"a\\x41", b"\\101\\7\\0", b"\\400", b"\\q", b"\\", b"\\x4",
                 b"\\xg0",
                 b"caf\xc3\xa9", b"\\xe9", b"it's", b'say "x"', b"\\'", b'\\"', b"\\\\x41", b"",
                 b"'",
                 b"\\u0041", b"\\U0001f600", b"\\U00110000", b"\\u12", b"\\ud800",
                 b"\\ud83d\\ude00",
                 b"\\\\u0041", b"\\\\\\u0041", b"\\u004", b"\xe9\xff\x80", b"\0", b"a b",
                 b"\\U0000004"]
        payloads = []
        for text in texts:
            payloads += [b"S'" + text + b"'\n.", b'S"' + text + b'"\n.', b"S" + text + b"\n.",
                         b"V" + text + b"\n.", b"P" + text + b"\n.", b"c" + text + b"\nname\n.",
                         b"cmodule\n" + text + b"\n.", b"(i" + text + b"\n" + text + b"\n."]
        payloads += [b"S'\n.", b"S'abc\"\n.", b"S\n.", b"V\n.", b"P\n.", b"c\n\n.", b"cabc\n"]
        self.assertGreater(self.check(payloads), 150)

    def test_large_arguments_are_printed_whole(self):
        pick = random.Random(3)
        contents = [b"x" * 65_536, b"x" * 65_537, b"x" * 70_000 + b"'", b"'" * 70_000 + b'"',
                    pick.randbytes(300_000), "caf\u00e9 \U0001f600\u20ac".encode() * 20_000,
                    b"a" + "\U0001f600".encode() * 50_000, b"ab" + "\u20ac".encode() * 50_000,
                    b"x" * 65_535 + "\ud800".encode("utf-8", "surrogatepass") + b"y" * 9,
                    b"x" * 70_000 + b"\xff", b"\xff" + b"x" * 70_000]
        forms = [(b"B", 4), (b"\x8e", 8), (b"\x96", 8), (b"T", 4), (b"X", 4), (b"\x8d", 8)]
        payloads = [counted(code, content, width) + b"0N."
                    for content in contents for code, width in forms]
        payloads += [payload[:cut] for payload in payloads for cut in (-1, -3, -5, -9, 65_600)]
        self.assertGreater(self.check(payloads), 55)

    def test_stack_marks_and_memo_fail_where_pickletools_fails(self):
        payloads = [b"", b".", b"N.", b"NN.", b"(.", b"(N.", b"(0N.", b"0", b"N00", b"(\x85t",
                    b"(\x85N.",
                    b"(N\x86t.", b"(N\x86.", b"t", b"Nt", b"(l", b"(lt", b"((l1", b"((ll.",
                    b"(N1N.",
                    b"(\x85(t1", b"a", b"Na", b"NNa.", b"]Na.", b"(Ne", b"](Ne.", b"(u", b"}(NNu.",
                    b"(0(0", b"2", b"N2", b"N2.", b"R", b"\x97\x98.", b"\x98", b"\x94",
                    b"N\x94\x94.",
                    b"(\x94", b"Nq\0q\0.", b"Nq\0q\x01h\0.", b"h\0", b"Nr\0\0\0\xf0j\0\0\0\xf0.",
                    b"q\0",
                    b"(q\0", b"Np-5\ng-5\n.", b"Np01\nq\x01", b"Np00\n\x94.", b"Nq\x01\x94\x94.",
                    b"Nq\x05\x94h\x01h\x05.", b"N" + b"p" + b"9" * 30 + b"\ng" + b"9" * 30 + b"\n.",
                    b"(" * 40 + b"0" * 40 + b"N.", b"\x80\x05N.", b"N\x80\xffN.",
                    b"\x95" + b"\xff" * 8,
                    b"\x95\0\0\0\0\0\0\0\0N.", b"\x95\x01\0\0\0\0\0\0\0\x95\x09\0\0\0\0\0\0\0N.",
                    b"\x82\xff\x83\xff\xff\x84\xff\xff\xff\xff", b"J\xff\xff\xff\xff.",
                    b"M\xff\xff.",
                    b"\xff", b"N\xff", b"T\xff\xff\xff\xff", b"\x8b\xff\xff\xff\xff", b"\x8a\0.",
                    b"\x8b\0\0\0\0.", b"B\xff\xff\xff\xff", b"\x8e" + b"\xff" * 8,
                    b"X\x05\0\0\0abc",
                    b"(NNo.", b"(o.", b"(N\x90", b"\x8f(N\x90.", b"(N\x91.", b"NQ.", b"\x93",
                    b"NN\x93.",
                    b"NN\x81.", b"NNN\x92.", b"NNN\x87.", b"NNb.", b"NNNs.", b"\x88\x89\x86."]
        payloads += [payload[:cut] for payload in list(payloads) for cut in range(len(payload))]
        self.assertGreater(self.check(payloads), 30)

    def test_any_few_opcodes_in_a_row(self):
        pick, codes = random.Random(4), [code.code.encode("latin-1") for code in pickletools.opcodes
                                         if code.arg is None]
        codes += [b"q\0", b"q\x01", b"h\0", b"h\x01", b"p2\n", b"g2\n", b"K\x05", b"(", b"(", b"N",
        b"N"]
        self.check(b"".join(pick.choices(codes, k=pick.randrange(1, 14))) for _ in range(20_000))

    def test_generated_pickles_of_every_protocol(self):
        module = place("some.place")
        payloads = [self.dumps(pickler, protocol, Generator(module, f"dis {i}").objects())
                    for protocol, pickler in picklers() for i in range(OBJECTS)]
        self.assertEqual(self.check(payloads), len(payloads))
        print(f"{len(payloads)} listings of generated pickles compared")

    def dumps(self, pickler, protocol, value):
        out = io.BytesIO()
        pickler(out, protocol).dump(value)
        return out.getvalue()

    def mutated(self, pick, payload):
        changed = bytearray(payload)
        for _ in range(pick.choice([1, 1, 2, 5])):
            at = pick.randrange(len(changed))
            if pick.random() < 0.4:
                changed[at] = pick.randrange(256)
            elif pick.random() < 0.5:
                del changed[at:at + pick.randrange(1, 9)]
            else:
                changed[at:at] = pick.randbytes(pick.randrange(1, 5))
            changed = changed or bytearray(b".")
        return bytes(changed)

    def test_mutated_pickles_share_every_line_up_to_the_failure(self):
        pick, module = random.Random(5), place("some.place")
        whole = [self.dumps(pickler, protocol, Generator(module, f"mutate {i}").value(3))
                 for i in range(40) for protocol, pickler in picklers()]
        whole = [payload for payload in whole if len(payload) < 2000]
        accepted = self.check(self.mutated(pick, pick.choice(whole))
                              for _ in range(MUTATIONS))
        self.assertGreater(accepted, MUTATIONS // 20)
        print(f"{MUTATIONS} listings of mutated pickles compared, {accepted} of them whole")

    def corpus_files(self):
        for root in CORPORA:
            with open(root / "MANIFEST.tsv", encoding="utf-8", newline="") as manifest:
                for row in csv.DictReader(manifest, delimiter="\t"):
                    if row["kind"].endswith("pickle") and not row["kind"].startswith("zip"):
                        yield root / row.get("file", row.get("local_path"))

    def test_every_pickle_of_the_corpora(self):
        if not all((root / "MANIFEST.tsv").is_file() for root in CORPORA):
            self.skipTest(f"there are no corpora at {CORPORA}; BRINE_CORPUS names others")
        compared = whole = 0
        for path in self.corpus_files():
            payload = path.read_bytes()
            opener = next((f for magic, f in OPENERS.items() if payload.startswith(magic)), bytes)
            payload = opener(payload)
            if len(payload) > LARGEST:
                continue
            whole += self.check([payload], [path.name])
            compared += 1
        print(f"{compared} corpus files compared, {whole} of them whole")
        self.assertGreater(whole, 150)


if __name__ == "__main__":
    unittest.main()
