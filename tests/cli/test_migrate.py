"""brine migrate: tables in, plans out, loads rewritten."""
import unittest

from support import UNKNOWN, CommandTest

TABLE = b"""
[table]
name = "myproject"
version = 1
title = "models moved"

[[module]]
from = "myproject.models"
to = "myproject.nn.models"
"""
STATUS_KEYS = {"name", "version", "title", "rules", "digest", "registered", "snapshots"}


class MigrateTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.save("run", UNKNOWN)
        self.table = self.file("table.toml", TABLE)

    def test_a_table_is_registered_once(self):
        added = self.document("migrate", "add", self.table)
        self.assertEqual(set(added), STATUS_KEYS | {"schema"})
        self.assertEqual(added["schema"], "brine.migrate-add/1")
        self.assertEqual((added["name"], added["version"], added["rules"], added["snapshots"]),
                         ("myproject", 1, 1, 1))
        self.assertEqual(self.document("migrate", "add", self.table)["digest"], added["digest"])
        status = self.document("migrate", "status")
        self.assertEqual(status["schema"], "brine.migrate-status/1")
        self.assertEqual([set(table) for table in status["tables"]], [STATUS_KEYS])

    def test_the_text_names_step_rules_and_snapshots(self):
        self.assertEqual(self.ok("migrate", "add", self.table),
                         "myproject:1  1 rule, touches 1 snapshot\n")
        self.assertRegex(self.ok("migrate", "status"), r"myproject:1 +1 +1 +\d{4}-.*models moved\n")

    def test_an_empty_store_has_no_tables(self):
        done = self.run_brine("migrate", "status")
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        self.assertEqual(self.document("migrate", "status")["tables"], [])

    def test_a_plan_tells_what_a_load_rewrites(self):
        self.ok("migrate", "add", self.table)
        plan = self.document("migrate", "plan", "run")
        self.assertEqual((set(plan), plan["schema"]),
                         ({"schema", "snapshot", "steps", "renames"}, "brine.migrate-plan/1"))
        self.assertEqual(plan["steps"], ["myproject:1"])
        self.assertEqual(plan["renames"], [{
            "from": "myproject.models:Net", "to": "myproject.nn.models:Net", "count": 1,
            "steps": ["myproject:1"]}])
        text = self.ok("migrate", "plan", "run")
        self.assertIn("- myproject.models:Net\n+ myproject.nn.models:Net", text)

    def test_a_load_rewrites_and_says_so(self):
        self.ok("migrate", "add", self.table)
        loaded = self.document("load", "run", "-o", "out.pkl")
        self.assertEqual(loaded["migrations"], self.document("migrate", "plan", "run")["renames"])
        migrated = (self.path / "out.pkl").read_bytes()
        self.assertIn(b"myproject.nn.models", migrated)
        self.assertEqual(migrated.count(b"myproject.models"), 0)

    def test_the_original_is_one_option_away(self):
        self.ok("migrate", "add", self.table)
        self.assertEqual(self.run_brine("load", "run", "--no-migrate").stdout, UNKNOWN)

    def test_a_snapshot_saved_later_is_left_alone(self):
        self.ok("migrate", "add", self.table)
        self.save("run", UNKNOWN)
        self.assertEqual(self.document("load", "run", "-o", "out.pkl")["migrations"], [])
        self.assertIn("nothing to rewrite", self.ok("migrate", "plan", "run"))

    def test_the_same_step_with_other_rules_is_a_conflict(self):
        self.ok("migrate", "add", self.table)
        other = self.file("other.toml", TABLE.replace(b"nn.models", b"layers"))
        self.fails(19, "myproject", "migrate", "add", other)

    def test_what_is_no_table_is_named_with_its_line(self):
        self.fails(19, "bad.toml", "migrate", "add", self.file("bad.toml", b"[table\n"))
        self.fails(3, "nowhere.toml", "migrate", "add", "nowhere.toml")
        self.fails(16, "folder", "migrate", "add", self.folder())

    def folder(self):
        (self.path / "folder").mkdir()
        return "folder"


if __name__ == "__main__":
    unittest.main()
