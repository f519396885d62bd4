"""The promise: the last known-good snapshot, loudly, and only where it was asked for."""
import json
import unittest

from support import DANGEROUS, SAFE, CommandTest

OLD = b"\x80\x04K\x01."
NEW = b"\x80\x04K\x02."


class FallbackTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.old = self.save("run", OLD, "--step", 1000)
        self.new = self.save("run", NEW, "--step", 1400)
        self.damage(self.pack_of("run:2"))

    def test_strict_is_the_default(self):
        self.fails(12, "digest differs", "load", "run", "-o", "out.pkl",
                   hint="--fallback")

    def test_the_known_good_ancestor_is_served_and_the_exit_code_says_so(self):
        loaded = self.document("load", "run", "--fallback", "-o", "out.pkl", code=10)
        self.assertEqual((self.path / "out.pkl").read_bytes(), OLD)
        self.assertTrue(loaded["fallback"])
        self.assertEqual((loaded["requested"], loaded["served"], loaded["seq"]),
                         (self.new["snapshot"], self.old["snapshot"], 1))
        rejection = loaded["rejected"][0]
        self.assertEqual(set(rejection), {"snapshot", "seq", "code", "reason"})
        self.assertEqual((rejection["snapshot"], rejection["seq"], rejection["code"]),
                         (self.new["snapshot"], 2, "corrupt"))

    def test_the_story_has_who_why_what_and_how_far(self):
        for quiet in ([], ["--quiet"]):
            done = self.run_brine("load", "run:2", "--fallback", "-o", "out.pkl", *quiet)
            story = done.stderr.decode()
            self.assertEqual(done.returncode, 10, story)
            self.assertIn(f"FALLBACK: run:2 ({self.new['snapshot'][:12]}) was asked for", story)
            self.assertRegex(story, r"run:2 \([0-9a-f]{12}\): corrupt: \S+")
            self.assertIn(f"served run:1 ({self.old['snapshot'][:12]}) instead: 1 snapshot back, "
                          "400 steps lost, ", story)
            self.assertIn("  try: brine verify run\n", story)

    def test_standard_output_gets_the_served_payload_only(self):
        done = self.run_brine("load", "run:2", "--fallback")
        self.assertEqual((done.returncode, done.stdout), (10, OLD))

    def test_the_hook_gets_the_event_on_its_standard_input(self):
        self.ok("load", "run:2", "--fallback", "-o", "out.pkl", "--on-fallback", "cat > event",
                code=10)
        event = json.loads((self.path / "event").read_text())
        self.assertIn(self.new["snapshot"], json.dumps(event))
        self.assertIn(self.old["snapshot"], json.dumps(event))

    def test_a_hook_that_fails_is_a_warning_and_no_failure(self):
        loaded = self.document("load", "run:2", "--fallback", "-o", "out.pkl", "--on-fallback",
                               "exit 3", code=10)
        self.assertEqual(len(loaded["warnings"]), 1)

    def test_the_hook_of_the_store_runs_and_can_be_switched_off(self):
        self.ok("init", "hooked", "--on-fallback", "touch hooked.ran")
        self.store = self.path / "hooked"
        store = ["--store", "hooked"]
        for content in (OLD, NEW):
            self.ok("save", "run", self.file("m.pkl", content), *store)
        pack = json.loads(self.ok("show", "run:2", "--json", *store))["pack"]
        self.damage(self.store / pack)
        load = ["load", "run:2", "--fallback", "-o", "out.pkl", *store]
        self.ok(*load, "--on-fallback", "", code=10)
        self.assertFalse((self.path / "hooked.ran").exists())
        self.ok(*load, code=10)
        self.assertTrue((self.path / "hooked.ran").exists())

    def test_nothing_usable_is_an_error_and_leaves_no_file(self):
        self.damage(self.pack_of("run:1"))
        done = self.run_brine("load", "run:2", "--fallback", "-o", "out.pkl", "--json")
        self.assertEqual(done.returncode, 11, done.stderr)
        self.assertEqual(json.loads(done.stdout)["code"], "unusable")
        self.assertFalse((self.path / "out.pkl").exists())

    def test_a_sound_snapshot_is_no_fallback(self):
        self.save("other", SAFE)
        self.assertFalse(self.document("load", "other", "--fallback", "-o", "o.pkl")["fallback"])

    def test_a_dangerous_newest_one_falls_back_too(self):
        self.save("mixed", SAFE)
        self.save("mixed", DANGEROUS)
        loaded = self.document("load", "mixed", "--fallback", "-o", "out.pkl", code=10)
        self.assertEqual(loaded["rejected"][0]["code"], "refused")


if __name__ == "__main__":
    unittest.main()
