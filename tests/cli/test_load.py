"""brine load: references, targets, and what is refused."""
import json
import unittest

from support import DANGEROUS, SAFE, UNKNOWN, CommandTest

LOAD_KEYS = {"schema", "requested", "served", "line", "seq", "fallback", "payload_bytes", "origin",
             "scan", "migrations", "rejected", "warnings"}


def payload(number: int) -> bytes:
    return b"\x80\x04K%c." % number


class ReferenceTest(CommandTest):
    def setUp(self):
        super().setUp()
        for number, loss, tag in ((1, 0.5, "first"), (2, 0.1, "low"), (3, 0.9, "high")):
            self.save("run", payload(number), "--step", number * 100, "--metric", f"loss={loss}",
                      "--tag", tag)

    def test_every_form_of_a_reference_names_its_snapshot(self):
        forms = {"run": 3, "run:1": 1, "run@latest": 3, "run@good": 3, "run@best(loss)": 3,
                 "run@best(-loss)": 2, "run@step=200": 2, "run@first": 1, "run~2": 1, "run:3~1": 2,
                 "run~0": 3}
        for log in self.document("log")["snapshots"]:
            forms[log["snapshot"][:12]] = log["seq"]
            forms[log["snapshot"]] = log["seq"]
        for form, seq in forms.items():
            with self.subTest(form=form):
                done = self.run_brine("load", form)
                self.assertEqual((done.returncode, done.stdout), (0, payload(seq)), done.stderr)

    def test_what_is_not_there_is_not_found(self):
        for reference in ("rnu", "run:9", "run@nothing", "run@best(speed)", "run@step=7", "run~3",
                          "ffffffffffff"):
            with self.subTest(reference=reference):
                self.fails(3, "", "load", reference, "-o", "out.pkl")

    def test_a_typo_in_a_line_names_the_closest(self):
        self.save("resnet", SAFE)
        self.fails(3, "resent", "load", "resent", hint="resnet")

    def test_what_is_no_reference_is_usage(self):
        for reference in ("run:", "run:x", "run@", "run~", "run@best(", "run@step=x", "a/b", ""):
            with self.subTest(reference=reference):
                self.fails(2, "", "load", reference, "-o", "out.pkl")


class TargetTest(CommandTest):
    def test_a_file_is_written_and_the_document_tells(self):
        saved = self.save("run", SAFE)
        loaded = self.document("load", "run", "-o", "out.pkl")
        self.assertEqual((self.path / "out.pkl").read_bytes(), SAFE)
        self.assertEqual(set(loaded), LOAD_KEYS)
        self.assertEqual(loaded["schema"], "brine.load/1")
        self.assertEqual((loaded["requested"], loaded["served"]), (saved["snapshot"],) * 2)
        self.assertEqual((loaded["seq"], loaded["fallback"]), (1, False))
        self.assertEqual((loaded["migrations"], loaded["rejected"]), ([], []))
        self.assertEqual(loaded["scan"]["verdict"], "safe")

    def test_the_payload_has_standard_output_to_itself(self):
        self.save("run", SAFE)
        for words in (["-o", "-"], []):
            done = self.run_brine("load", "run", "--json", *words)
            self.assertEqual((done.returncode, done.stdout), (0, SAFE))
            document = json.loads(done.stderr.splitlines()[-1])
            self.assertEqual(document["schema"], "brine.load/1")

    def test_an_error_document_does_not_mix_with_a_payload(self):
        done = self.run_brine("load", "run", "--json", "-o", "-")
        self.assertEqual((done.returncode, done.stdout), (3, b""))
        self.assertEqual(json.loads(done.stderr.splitlines()[-1])["code"], "not_found")

    def test_an_existing_file_is_replaced_whole(self):
        self.save("run", SAFE)
        self.file("out.pkl", b"x" * 10_000)
        self.ok("load", "run", "-o", "out.pkl")
        self.assertEqual((self.path / "out.pkl").read_bytes(), SAFE)

    def test_a_missing_directory_is_an_error(self):
        self.save("run", SAFE)
        self.fails(3, "nowhere", "load", "run", "-o", "nowhere/out.pkl",
                   hint="mkdir -p nowhere")

    def test_a_directory_is_no_target(self):
        self.save("run", SAFE)
        (self.path / "folder").mkdir()
        self.fails(16, "folder", "load", "run", "-o", "folder")

    def test_a_failed_load_keeps_the_file_that_was_there(self):
        self.save("run", SAFE)
        self.damage(self.pack_of("run"))
        out = self.file("out.pkl", b"old")
        done = self.run_brine("load", "run", "-o", out)
        self.assertEqual(done.returncode, 12)
        self.assertEqual(out.read_bytes(), b"old")


class PolicyTest(CommandTest):
    def test_an_unknown_payload_is_written_with_a_warning(self):
        self.save("run", UNKNOWN)
        done = self.run_brine("load", "run", "-o", "out.pkl")
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"warning: verdict unknown", done.stderr)
        self.assertIn(b"try: brine show run:1", done.stderr)
        self.assertEqual((self.path / "out.pkl").read_bytes(), UNKNOWN)

    def test_trust_makes_it_safe(self):
        self.save("run", UNKNOWN)
        for symbol in ("myproject.models:Net", "myproject.models"):
            done = self.run_brine("load", "run", "-o", "out.pkl", "--trust", symbol)
            self.assertEqual(done.returncode, 0)
            self.assertNotIn(b"warning", done.stderr)

    def test_a_dangerous_payload_is_refused(self):
        self.save("bad", DANGEROUS)
        self.fails(15, "", "load", "bad", "-o", "out.pkl")
        self.fails(15, "", "load", "bad")

    def test_a_dangerous_payload_is_written_on_the_users_word(self):
        self.save("bad", DANGEROUS)
        done = self.run_brine("load", "bad", "-o", "out.pkl", "--unsafe")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"verdict dangerous", done.stderr)
        self.assertEqual((self.path / "out.pkl").read_bytes(), DANGEROUS)


if __name__ == "__main__":
    unittest.main()
