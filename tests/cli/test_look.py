"""brine log, show and scan."""
import os
import re
import unittest

from support import DANGEROUS, SAFE, SNAPSHOT_KEYS, UNKNOWN, CommandTest, instance_of

SCAN_KEYS = {"schema", "file", "format", "protocol", "verdict", "complete", "payload_bytes",
             "pickles", "opcodes", "symbols", "findings"}


class LogTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.save("a", SAFE, "--step", 100, "--tag", "keep")
        self.save("b", SAFE, "--codec", "bzip2:9")
        self.save("a", UNKNOWN, "--step", 123456, "--codec", "zstd:19")

    def test_the_document_lists_snapshots_newest_first(self):
        log = self.document("log")
        self.assertEqual((set(log), log["schema"]), ({"schema", "snapshots"}, "brine.log/1"))
        self.assertEqual([(s["line"], s["seq"]) for s in log["snapshots"]],
                         [("a", 2), ("b", 1), ("a", 1)])
        for snapshot in log["snapshots"]:
            self.assertEqual(set(snapshot), SNAPSHOT_KEYS)

    def test_line_tag_and_number_narrow_it(self):
        def seqs(*words):
            return [(s["line"], s["seq"]) for s in self.document("log", *words)["snapshots"]]
        self.assertEqual(seqs("a"), [("a", 2), ("a", 1)])
        self.assertEqual(seqs("--tag", "keep"), [("a", 1)])
        self.assertEqual(seqs("-n", "1"), [("a", 2)])
        self.assertEqual(seqs("a", "--limit=1"), [("a", 2)])
        self.assertEqual(seqs("b", "--tag", "keep"), [])

    def test_the_table_lines_up(self):
        for words in ([], ["a"]):
            lines = self.ok("log", *words).splitlines()
            head = lines[0]
            self.assertEqual(head.split()[0], "ID")
            for line in lines:
                self.assertEqual(len(line.split(" ")[0]), 12 if line is not head else 2)
            codec = head.index("CODEC")
            for line, name in zip(lines[1:], ("zstd:19", "bzip2:9" if not words else "zstd:3")):
                self.assertTrue(line[codec:].startswith(name), line)
                self.assertEqual(line[codec - 1], " ")

    def test_a_pipe_gets_every_column_whole(self):
        tags = [f"experiment-{i}" for i in range(9)]
        self.save("a", DANGEROUS, "--step", 12345678, *(w for t in tags for w in ("--tag", t)))
        head, row = self.ok("log", "-n", "1").splitlines()
        self.assertIn("STORED", head)
        self.assertTrue(row.endswith(" ".join(tags)), row)

    def test_a_limit_of_0_is_none(self):
        self.assertEqual(len(self.document("log", "-n", "0")["snapshots"]), 3)
        self.assertIn("0: all", self.ok("help", "log"))

    def test_several_lines_are_shown_with_references_to_paste(self):
        self.assertIn(" a:2 ", self.ok("log"))
        self.assertNotIn("a:2", self.ok("log", "a"))

    def test_a_line_that_is_not_there_is_not_found(self):
        self.fails(3, "nowhere", "log", "nowhere")

    def test_an_empty_store_is_no_error(self):
        self.ok("init", "empty")
        done = self.run_brine("log", "--store", "empty")
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        self.assertIn(b"no snapshots", done.stderr)


class ShowTest(CommandTest):
    def test_the_document_has_the_whole_manifest(self):
        saved = self.save("run", UNKNOWN)
        shown = self.document("show", "run")
        self.assertEqual(set(shown), SNAPSHOT_KEYS | {
            "schema", "pack", "wrapper", "blocks", "buffers", "symbols", "findings", "steps"})
        self.assertEqual(shown["schema"], "brine.show/1")
        self.assertEqual(shown["snapshot"], saved["snapshot"])
        self.assertIn({"module": "myproject.models", "name": "Net", "count": 1}, shown["symbols"])
        self.assertEqual(sum(block["bytes"] for block in shown["blocks"]), len(UNKNOWN))
        self.assertTrue((self.store / shown["pack"]).is_file())

    def test_the_text_has_a_line_for_each_fact(self):
        saved = self.save("run", UNKNOWN, "--step", 7, "--metric", "loss=nan", "--tag", "best")
        text = self.ok("show", "run")
        for fact in (saved["snapshot"], "run:1", "step      7", "loss=NaN", "best", "unknown",
                     "myproject.models:Net", "zstd:3", "packs/"):
            self.assertIn(fact, text)

    def test_symbols_are_folded_to_20(self):
        payload = b"".join(instance_of(f"m{i:02}.models", "Net", {}) for i in range(23))
        self.save("run", payload, "--as-is")
        text = self.ok("show", "run")
        self.assertIn("symbols (23)", text)
        self.assertIn("and 3 more symbols", text)
        self.assertEqual(len(re.findall(r"^ +1  m\d\d\.models:Net$", text, re.MULTILINE)), 20)

    def test_names_from_a_pickle_cannot_drive_the_terminal(self):
        evil = b"\x80\x04\x8c\x08m\x1b[31mxy\x8c\x01C\x93."
        self.assertEqual(len(b"m\x1b[31mxy"), 8)
        self.save("run", evil, "--as-is")
        for words in (["show", "run"], ["show", "run", "--json"], ["scan", "input.pkl"]):
            done = self.run_brine(*words)
            self.assertNotIn(b"\x1b", done.stdout + done.stderr, words)


class ScanTest(CommandTest):
    without_store = True

    def test_a_safe_file_exits_0(self):
        document = self.document("scan", self.file("m.pkl", SAFE))
        self.assertEqual(set(document), SCAN_KEYS)
        self.assertEqual(document["schema"], "brine.scan/1")
        self.assertEqual((document["format"], document["verdict"], document["findings"]),
                         ("pickle", "safe", []))
        self.assertEqual((document["protocol"], document["complete"]), (4, True))

    def test_an_unknown_file_exits_1_and_tells_how_to_trust(self):
        done = self.run_brine("scan", self.file("m.pkl", UNKNOWN))
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"m.pkl: unknown", done.stdout)
        self.assertIn(b"myproject.models:Net", done.stdout)
        self.assertIn(b"--trust", done.stderr)

    def test_trust_by_symbol_or_module_makes_it_safe(self):
        file = self.file("m.pkl", UNKNOWN)
        for symbol in ("myproject.models:Net", "myproject.models"):
            self.assertEqual(self.document("scan", file, "--trust", symbol)["verdict"], "safe")
        self.document("scan", file, "--trust", "other:Net", "--trust", "myproject.models:Net")

    def test_an_extension_that_is_told_is_judged_as_its_symbol(self):
        file = self.file("m.pkl", b"\x80\x02\x82\x07.")
        self.assertEqual(self.document("scan", file, code=1)["verdict"], "unknown")
        known = self.document("scan", file, "--extension", "7=collections:OrderedDict")
        self.assertEqual((known["verdict"], known["findings"]), ("safe", []))
        worse = self.document("scan", file, "--extension", "7=os:system", code=1)
        self.assertEqual(worse["verdict"], "dangerous")
        self.fails(2, "extension '7=os'", "scan", file, "--extension", "7=os")

    def test_a_dangerous_file_names_symbol_and_offset(self):
        document = self.document("scan", self.file("m.pkl", DANGEROUS), code=1)
        self.assertEqual(document["verdict"], "dangerous")
        self.assertIn({"module": os.system.__module__, "name": "system", "count": 1},
                      document["symbols"])
        self.assertEqual(set(document["findings"][0]), {"verdict", "offset", "reason", "symbol"})
        self.assertEqual(document["findings"][0]["symbol"], f"{os.system.__module__}:system")

    def test_standard_input_is_scanned_and_leaves_no_file(self):
        (self.path / "tmp").mkdir()
        env = {"TMPDIR": str(self.path / "tmp")}
        document = self.document("scan", "-", stdin=SAFE, env=env)
        self.assertEqual((document["file"], document["verdict"]), ("-", "safe"))
        self.assertEqual(list((self.path / "tmp").iterdir()), [])

    def test_bytes_that_are_no_pickle_are_findings_and_no_error(self):
        for content in (b"", b"hello", SAFE[:-3]):
            self.assertNotEqual(self.document("scan", self.file("x", content), code=1)["verdict"],
                                "safe")

    def test_a_missing_file_is_not_found(self):
        self.fails(3, "nowhere.pkl", "scan", "nowhere.pkl")


if __name__ == "__main__":
    unittest.main()
