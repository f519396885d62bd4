"""brine init, verify and reindex."""
import json
import unittest

from support import SAFE, CommandTest


class InitTest(CommandTest):
    without_store = True

    def test_a_store_is_made_here_or_where_the_user_says(self):
        self.assertIn(".brine", self.ok("init"))
        self.assertTrue((self.path / ".brine" / "brine.json").is_file())
        for words, env, where in ((["one"], {}, "one"), (["--store", "two"], {}, "two"),
                                  ([], {"BRINE_STORE": "three"}, "three"),
                                  (["four"], {"BRINE_STORE": "three"}, "four")):
            self.ok("init", *words, env=env)
            self.assertTrue((self.path / where / "brine.json").is_file())

    def test_the_document_has_what_was_fixed(self):
        document = self.document("init", "--codec", "xz:9", "--on-fallback", "cat")
        self.assertEqual(set(document), {"schema", "store", "codec", "on_fallback"})
        self.assertEqual(document["schema"], "brine.init/1")
        self.assertEqual((document["codec"], document["on_fallback"]), ("xz:9", "cat"))

    def test_a_place_that_is_taken_is_refused(self):
        self.ok("init")
        self.fails(2, ".brine", "init")
        (self.path / "full").mkdir()
        self.file("full/note.txt", b"mine")
        self.fails(2, "full", "init", "full")

    def test_a_bad_codec_makes_no_store(self):
        self.fails(2, "brotli", "init", "--codec", "brotli")


class VerifyTest(CommandTest):
    def test_a_sound_store_has_no_problems(self):
        self.save("run", SAFE)
        self.save("run", SAFE, "--no-verify")
        report = self.document("verify")
        self.assertEqual(set(report), {"schema", "snapshots", "blocks", "stored_bytes", "problems"})
        self.assertEqual((report["schema"], report["snapshots"], report["problems"]),
                         ("brine.verify/1", 2, []))
        self.assertIn("no problems", self.ok("verify", "run:1"))

    def test_verify_promotes_what_is_sound(self):
        self.save("run", SAFE, "--no-verify")
        self.ok("verify", "run")
        self.assertEqual(self.document("show", "run")["state"], "good")

    def test_damage_is_named_and_has_the_code_of_damage(self):
        self.save("run", SAFE)
        self.damage(self.pack_of("run"))
        report = self.document("verify", code=12)
        self.assertEqual(set(report["problems"][0]), {"where", "code", "what"})
        self.assertEqual(report["problems"][0]["code"], "corrupt")
        self.assertEqual(self.document("show", "run")["state"], "quarantined")
        self.assertRegex(self.ok("verify", "run:1", code=12), r"corrupt  .*\n1 snapshot, .* 1 prob")

    def test_what_is_not_there_is_not_found(self):
        self.fails(3, "nowhere", "verify", "nowhere")


class ReindexTest(CommandTest):
    def logged(self):
        return [(s["snapshot"], s["seq"], s["tags"], s["metrics"])
                for s in self.document("log")["snapshots"]]

    def setUp(self):
        super().setUp()
        self.save("run", SAFE, "--tag", "first", "--metric", "loss=nan")
        self.save("run", SAFE, "--step", 3)
        self.before = self.logged()

    def damage_catalog(self):
        (self.store / "catalog.sqlite").write_bytes(b"no catalog at all" * 400)

    def test_a_damaged_catalog_says_so_and_reindex_mends_it(self):
        self.damage_catalog()
        for words in (["log"], ["load", "run", "-o", "o.pkl"], ["show", "run"]):
            self.fails(12, "catalog", *words, hint="brine reindex")
        self.fails(12, "catalog", "log", "--store", ".brine", hint="brine --store .brine reindex")
        file = self.file("m.pkl", SAFE)
        self.fails(12, "catalog", "save", "run", file, hint="brine reindex")
        report = self.document("reindex")
        self.assertEqual(set(report), {"schema", "snapshots", "knows_marks", "problems"})
        self.assertEqual((report["schema"], report["snapshots"], report["problems"]),
                         ("brine.reindex/1", 2, []))
        self.assertEqual(self.logged(), self.before)
        self.ok("load", "run", "-o", "o.pkl")

    def test_a_missing_catalog_is_rebuilt(self):
        (self.store / "catalog.sqlite").unlink()
        self.assertIn("2 snapshots", self.ok("reindex"))
        self.assertEqual(self.logged(), self.before)

    def test_a_damaged_manifest_is_left_out_and_named(self):
        manifest = next(self.store.glob(f"snapshots/*/{self.before[0][0]}.json"))
        self.damage(manifest)
        report = self.document("reindex", code=12)
        self.assertEqual((report["snapshots"], len(report["problems"])), (1, 1))
        self.assertEqual(self.logged(), self.before[1:])

    def test_the_error_is_a_document_too(self):
        self.damage_catalog()
        done = self.run_brine("log", "--json")
        error = json.loads(done.stdout)
        self.assertEqual((done.returncode, error["code"], error["hint"].split()[:2]),
                         (12, "corrupt", ["brine", "reindex"]))


class MarksTest(CommandTest):
    """What was found out about snapshots outlives a rebuilt catalog, where that can be read."""

    def setUp(self):
        super().setUp()
        for _ in range(3):
            self.ok("save", "run", self.file("m.pkl", SAFE))
        self.damage(self.pack_of("run:3"))
        self.ok("load", "run", "-o", "m.pkl", "--fallback", code=10)

    def states(self):
        snapshots = self.document("log", "run")["snapshots"]
        return {each["seq"]: each["state"] for each in snapshots}

    def test_a_snapshot_in_quarantine_stays_there(self):
        self.assertEqual(self.states(), {1: "good", 2: "good", 3: "quarantined"})
        report = self.document("reindex")
        self.assertTrue(report["knows_marks"])
        self.assertEqual(self.states(), {1: "good", 2: "good", 3: "quarantined"})
        self.assertEqual(self.document("show", "run@good")["seq"], 2)
        self.assertNotIn("verify", self.ok("reindex"))

    def test_marks_that_are_lost_with_the_catalog_are_told_of(self):
        (self.store / "catalog.sqlite").write_bytes(b"no database")
        self.assertIn("brine verify", self.ok("reindex"))
        self.assertEqual(self.states()[3], "good")
        self.ok("verify", code=12)
        self.assertEqual(self.states()[3], "quarantined")

    def test_a_verdict_of_verify_is_kept_too(self):
        self.damage(self.pack_of("run:1"))
        self.ok("verify", code=12)
        self.ok("reindex")
        self.assertEqual(self.states(), {1: "quarantined", 2: "good", 3: "quarantined"})


if __name__ == "__main__":
    unittest.main()
