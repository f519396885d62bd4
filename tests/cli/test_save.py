"""brine save: what is kept, what is refused, and that a refusal leaves nothing behind."""
import gzip
import json
import pickle
import subprocess
import unittest

from support import DANGEROUS, SAFE, SNAPSHOT_KEYS, UNKNOWN, CommandTest

TOOLS = {"none": ["cat"], "gzip": ["gzip", "-dc"], "bzip2": ["bzip2", "-dc"],
         "xz": ["xz", "-dc"], "zstd": ["zstd", "-qdc"]}


class SaveTest(CommandTest):
    def test_every_protocol_comes_back_byte_for_byte(self):
        thing = {"weights": [1.5, -2.5], "name": "caf\u00e9", "big": 1 << 70, "raw": b"\x00\xff"}
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            payload = pickle.dumps(thing, protocol)
            saved = self.save("run", payload)
            self.assertEqual(saved["seq"], protocol + 1)
            self.assertEqual(saved["format"], "pickle")
            self.ok("load", "run", "-o", "out.pkl")
            self.assertEqual((self.path / "out.pkl").read_bytes(), payload)

    def test_the_document_has_all_that_was_said(self):
        saved = self.save("run", SAFE, "--step", "-5", "--metric", "loss=0.25", "--metric",
                          "score=nan", "--metric", "low=-inf", "--tag", "b", "--tag", "a",
                          "--codec", "xz:1")
        self.assertEqual(set(saved), SNAPSHOT_KEYS | {"schema", "warnings"})
        self.assertEqual(saved["schema"], "brine.save/1")
        self.assertRegex(saved["snapshot"], r"^[0-9a-f]{64}$")
        self.assertEqual((saved["line"], saved["seq"], saved["parent"]), ("run", 1, None))
        self.assertEqual(saved["metrics"], {"loss": 0.25, "low": "-Infinity", "score": "NaN"})
        self.assertEqual((saved["step"], saved["tags"], saved["codec"]), (-5, ["a", "b"], "xz:1"))
        self.assertEqual((saved["payload_bytes"], saved["verdict"]), (len(SAFE), "safe"))
        self.assertEqual(saved["warnings"], [])

    def test_the_result_is_one_line_that_can_be_pasted(self):
        text = self.ok("save", "run", self.file("m.pkl", SAFE))
        self.assertRegex(text, r"^run:1  [0-9a-f]{12}  \S+ \S+ as \S+ \S+, \S+x, zstd:3\n$")

    def test_standard_input_is_a_file_too(self):
        self.ok("save", "run", "-", stdin=SAFE)
        self.ok("load", "run", "-o", "out.pkl")
        self.assertEqual((self.path / "out.pkl").read_bytes(), SAFE)

    def test_a_compressed_file_is_kept_without_its_wrapper(self):
        self.save("run", gzip.compress(SAFE))
        shown = self.document("show", "run")
        self.assertEqual((shown["wrapper"], shown["payload_bytes"]), ("gzip", len(SAFE)))

    def test_stock_tools_print_the_payload_of_a_plain_pack(self):
        payload = pickle.dumps([bytes(range(256)) * 3000, list(range(5000))])
        for codec, tool in TOOLS.items():
            with self.subTest(codec=codec):
                self.save("run", payload, "--plain", "--codec", codec)
                pack = self.pack_of("run")
                printed = subprocess.run([*tool, pack], capture_output=True, check=True)
                self.assertEqual(printed.stdout, payload)

    def test_what_is_no_checkpoint_is_kept_on_the_users_word(self):
        self.save("notes", b"just text", "--as-is")
        self.assertEqual(self.run_brine("load", "notes", "-o", "-").stdout, b"just text")

    def test_an_unverified_snapshot_is_not_known_good(self):
        self.assertEqual(self.save("run", SAFE)["state"], "good")
        self.assertEqual(self.save("run", SAFE, "--no-verify")["state"], "saved")

    def test_the_codec_of_the_store_is_the_default(self):
        self.ok("init", "other", "--codec", "gzip:9")
        saved = self.document("save", "run", self.file("m.pkl", SAFE), "--store", "other")
        self.assertEqual(saved["codec"], "gzip:9")

    def test_classes_of_a_script_and_danger_are_warned_about(self):
        main = self.file("main.pkl", b"\x80\x02c__main__\nNet\n)\x81.")
        done = self.run_brine("save", "run", main, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"warning: run:1 holds __main__:Net", done.stderr)
        saved = self.save("bad", DANGEROUS)
        self.assertEqual((saved["verdict"], len(saved["warnings"])), ("dangerous", 1))

    def test_an_unknown_symbol_is_a_note_that_quiet_silences(self):
        file = self.file("m.pkl", UNKNOWN)
        self.assertIn(b"brine show run:1", self.run_brine("save", "run", file).stderr)
        self.assertEqual(self.run_brine("save", "run", file, "-q").stderr, b"")


class RefusalTest(CommandTest):
    def test_what_is_no_checkpoint_is_corrupt(self):
        for name, content in (("truncated.pkl", SAFE[:-5]), ("text.txt", b"hello, world\n"),
                              ("empty.pkl", b"")):
            with self.subTest(name=name):
                self.fails(12, "", "save", "run", self.file(name, content), hint="--as-is")
                self.assertEqual(self.document("log")["snapshots"], [])

    def test_what_is_no_checkpoint_is_corrupt_on_standard_input_too(self):
        self.fails(12, "", "save", "run", "-", stdin=SAFE[:-5])

    def test_a_missing_file_is_not_found(self):
        self.fails(3, "nowhere.pkl", "save", "run", "nowhere.pkl")

    def test_a_directory_is_no_file(self):
        (self.path / "folder").mkdir()
        self.fails(16, "folder", "save", "run", "folder")

    def test_values_out_of_range_are_usage(self):
        file = self.file("m.pkl", SAFE)
        for said, words in (("zsdt", ["run", file, "--codec", "zsdt"]),
                            ("23", ["run", file, "--codec", "zstd:23"]),
                            ("'x'", ["run", file, "--codec", "zstd:x"]),
                            ("none", ["run", file, "--codec", "none:1"]),
                            ("a/b", ["a/b", file]),
                            ("../up", ["../up", file]),
                            ("x y", ["run", file, "--tag", "x y"]),
                            ("l/r", ["run", file, "--metric", "l/r=1"])):
            with self.subTest(words=words):
                self.fails(2, said, "save", *words)

    def test_an_error_is_one_document(self):
        done = self.run_brine("save", "run", self.file("empty.pkl", b""), "--json")
        self.assertEqual(done.returncode, 12)
        error = json.loads(done.stdout)
        self.assertEqual(set(error), {"schema", "code", "exit_code", "message", "hint"})
        self.assertEqual((error["schema"], error["code"], error["exit_code"]),
                         ("brine.error/1", "corrupt", 12))
        self.assertIn(error["message"], done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
