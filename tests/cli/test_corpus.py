"""Real files of public repositories, and a pickle of every protocol, go in and come out.

The corpus is a directory with a MANIFEST.tsv, named by BRINE_CORPUS or found as shared/corpus
beside the checkout. Each file is saved under one codec in turn; with BRINE_FULL=1 under all five.
"""
import bz2
import csv
import fractions
import gzip
import lzma
import os
import pathlib
import pickle
import shutil
import subprocess
import unittest

from support import CommandTest

CODECS = ("none", "gzip", "bzip2", "xz", "zstd")
TOOLS = {"gzip": "gzip", "bzip2": "bzip2", "xz": "xz", "zstd": "zstd"}
CORPUS = pathlib.Path(
    os.environ.get("BRINE_CORPUS")
    or pathlib.Path(__file__).resolve().parents[3] / "shared" / "corpus"
)
FULL = os.environ.get("BRINE_FULL") == "1"
# What the manifest of the corpus calls no pickle is kept only when asked to.
NOT_A_CHECKPOINT = {"not-a-pickle"}
UNWRAPPED = {"gzip>pickle": gzip.decompress, "bzip2>pickle": bz2.decompress,
             "xz>pickle": lzma.decompress}


def corpus_rows():
    with open(CORPUS / "MANIFEST.tsv", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


class RoundTrip(CommandTest):
    def round_trip(self, path: pathlib.Path, expected: bytes, codec: str, *options):
        self.ok("save", "line", path, "--codec", codec, *options)
        out = self.path / "out"
        self.ok("load", "line", "-o", out, "--unsafe")
        self.assertEqual(out.read_bytes(), expected, f"{path} under {codec}")

    def print_plain(self, path: pathlib.Path, codec: str):
        """What the codec's stock tool prints of a --plain pack."""
        saved = self.document("save", "line", path, "--codec", codec, "--plain")
        pack = self.store / self.document("show", saved["snapshot"])["pack"]
        return subprocess.run([TOOLS[codec], "-dc", pack], capture_output=True, check=True).stdout

    def test_a_pickle_of_every_protocol_comes_back_under_every_codec(self):
        thing = {"text": "caf\u00e9", "data": b"z" * 300_000, "third": fractions.Fraction(1, 3)}
        for protocol in range(6):
            content = pickle.dumps(thing, protocol=protocol)
            path = self.file(f"protocol{protocol}.pkl", content)
            for codec in CODECS:
                with self.subTest(protocol=protocol, codec=codec):
                    self.round_trip(path, content, codec)

    def test_stock_tools_print_the_payload_of_a_plain_pack(self):
        content = pickle.dumps([os.urandom(5_000_000), "x" * 5_000_000])
        path = self.file("large.pkl", content)
        for codec, tool in TOOLS.items():
            with self.subTest(codec=codec):
                if shutil.which(tool) is None:
                    self.skipTest(f"{tool} is not installed")
                self.assertEqual(self.print_plain(path, codec), content)

    def test_every_file_of_the_corpus_comes_back(self):
        if not CORPUS.is_dir():
            self.skipTest(f"no corpus in {CORPUS}: set BRINE_CORPUS")
        for number, row in enumerate(corpus_rows()):
            path = CORPUS / row["file"]
            content = path.read_bytes()
            expected = UNWRAPPED.get(row["kind"], bytes)(content)
            for codec in CODECS if FULL else CODECS[number % 5:][:1]:
                with self.subTest(file=row["file"], codec=codec):
                    self.save_corpus_file(row, path, expected, codec)

    def save_corpus_file(self, row, path, expected, codec):
        options = []
        if row["label"] in NOT_A_CHECKPOINT:
            self.ok("save", "line", path, code=12)
            options = ["--as-is"]
        elif row["label"] == "malicious":
            # One of them is cut short; CPython refuses it too.
            options = ["--as-is"]
        self.round_trip(path, expected, codec, *options)


if __name__ == "__main__":
    unittest.main()
