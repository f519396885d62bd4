"""The programs of bench/, on data of a moment, so that they run when they are wanted."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

from support import BRINE, CommandTest, clean_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ["--rows", "200", "--share", "4", "--size", "1", "--tensors", "16", "--runs", "1"]


class BenchTest(CommandTest):
    without_store = True

    def bench(self, name, *words):
        scratch = pathlib.Path(self.file("scratch", b"")).parent / "bench"
        scratch.mkdir(exist_ok=True)
        process = subprocess.run(
            [sys.executable, ROOT / "bench" / name, "--brine", BRINE, *words],
            capture_output=True, text=True, env=clean_environment(TMPDIR=str(scratch)))
        self.assertEqual((process.returncode, process.stderr), (0, ""))
        self.assertEqual(os.listdir(scratch), [], "data was left behind")
        return process.stdout

    def test_scan_measures_every_reader_on_the_same_opcodes(self):
        document = json.loads(self.bench("scan", *TINY, "--no-peers", "--json"))
        self.assertEqual(document["missing"], ["picklescan", "modelscan", "fickling"])
        readers = {}
        for row in document["rows"]:
            readers.setdefault(row["data"], []).append(row["reader"])
            self.assertGreater(row["seconds"], 0)
            self.assertAlmostEqual(row["opcodes_per_s"] * row["cpu_seconds"], row["opcodes"], 3)
        whole = ["brine scan", "pickle.load", "pickletools.genops"]
        dense = {f"dense, protocol {protocol}": whole for protocol in (0, 2, 5)}
        self.assertEqual(readers, {**dense, "torch zip": ["brine scan", "pickletools.genops"]})

    def test_scan_jumps_over_the_storages_of_a_torch_zip(self):
        document = json.loads(self.bench("scan", *TINY, "--size", "64", "--no-peers", "--json"))
        row = next(row for row in document["rows"] if row["data"] == "torch zip")
        self.assertGreater(row["bytes"], 64 << 20)
        self.assertLess(row["bytes_read"], 1 << 20)

    def test_scan_prints_an_aligned_table(self):
        lines = self.bench("scan", *TINY, "--no-peers").splitlines()
        self.assertEqual({len(line) for line in lines[:-1]}, {len(lines[0])})
        self.assertEqual(lines[-1], "missing: picklescan, modelscan, fickling")

    @unittest.skipUnless(sys.version_info[:2] == (3, 11), "listings are those of Python 3.11")
    def test_dis_requires_equal_listings(self):
        lines = self.bench("dis", "--python", sys.executable, "--rows", "50", "--buffer", "1",
                           "--runs", "1").splitlines()
        self.assertEqual([line[:15].rstrip() for line in lines],
                         ["pickle", "dense, proto 0", "dense, proto 2", "dense, proto 5",
                          "one buffer"])

    def test_memory_measures_a_save_and_a_load(self):
        try:
            import numpy  # noqa: F401
        except ImportError:
            self.skipTest("bench/memory makes its payload with numpy")
        lines = self.bench("memory", "--size", "16", "--codecs", "zstd:1",
                           "--no-peers").splitlines()
        self.assertEqual([line.split(" zstd")[0] for line in lines[1:3]],
                         ["brine save", "brine load"])


if __name__ == "__main__":
    unittest.main()
