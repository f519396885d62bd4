"""What users met on their first days: each case was broken once."""
import os
import pickle
import stat
import unittest

from support import SAFE, CommandTest, instance_of


def table(name, version, old, new):
    return (f'[table]\nname = "{name}"\nversion = {version}\n'
            f'[[module]]\nfrom = "{old}"\nto = "{new}"\n').encode()


class MendTest(CommandTest):
    def test_a_cut_checkpoint_that_is_kept_can_be_read_back(self):
        cut = pickle.dumps({"weights": os.urandom(300_000)})[:100_000]
        path = self.file("cut.pkl", cut)
        self.fails(12, "truncated", "save", "run", path, hint="--as-is")
        self.ok("save", "run", path, "--as-is")
        out = self.path / "out.pkl"
        self.ok("load", "run", "-o", out, "--unsafe")
        self.assertEqual(out.read_bytes(), cut)
        self.ok("show", "run")
        self.ok("verify")
        self.ok("reindex")
        self.assertEqual(len(self.document("log", "run")["snapshots"]), 1)

    def test_a_lost_or_damaged_brine_json_is_written_anew(self):
        saved = self.save("run", SAFE)
        for content in (None, b"{", b""):
            with self.subTest(content=content):
                (self.store / "brine.json").unlink()
                if content is not None:
                    (self.store / "brine.json").write_bytes(content)
                done = self.run_brine("--store", self.store, "log")
                self.assertIn(done.returncode, (3, 12))
                self.assertIn(b"reindex", done.stderr)
                self.run_brine("--store", self.store, "reindex")
                log = self.document("log")["snapshots"]
                self.assertEqual([s["snapshot"] for s in log], [saved["snapshot"]])

    def test_a_step_counts_what_the_steps_before_it_make(self):
        self.save("run", instance_of("old.place", "Net", {"depth": 1}))
        self.ok("migrate", "add", self.file("1.toml", table("my", 1, "old.place", "mid.place")))
        said = self.ok("migrate", "add", self.file("2.toml", table("my", 2, "mid", "new")))
        self.assertIn("touches 1 snapshot", said)
        tables = self.document("migrate", "status")["tables"]
        self.assertEqual([t["snapshots"] for t in tables], [1, 1])

    def test_no_table_may_point_at_what_runs_code(self):
        for target in ("os", "subprocess"):
            path = self.file("evil.toml", table("evil", 1, "old.place", target))
            self.fails(19, "deny list", "migrate", "add", path)
        self.assertEqual(self.document("migrate", "status")["tables"], [])

    def test_a_link_stays_a_link_and_what_is_no_file_stays_what_it_is(self):
        self.save("run", SAFE)
        link = self.path / "latest.pkl"
        link.symlink_to("real.pkl")
        self.ok("load", "run", "-o", link)
        self.assertTrue(link.is_symlink())
        self.assertEqual((self.path / "real.pkl").read_bytes(), SAFE)
        fifo = self.path / "fifo"
        os.mkfifo(fifo)
        self.fails(16, "no regular file", "load", "run", "-o", fifo, hint="-o -")
        self.assertTrue(stat.S_ISFIFO(fifo.stat().st_mode))

    def test_the_store_is_no_place_to_load_into(self):
        self.save("run", SAFE)
        self.fails(2, "inside the store", "load", "run", "-o", self.pack_of("run"))
        self.ok("verify")


if __name__ == "__main__":
    unittest.main()
