"""What happens to old snapshots: classes move, and disks damage packs."""
import json
import unittest

import brine
import numpy as np
from support import StoreCase

TABLE = """
[table]
name    = "shop"
version = 1
title   = "models.py becomes nets/mlp.py"

[[symbol]]
from = "shop.models:Network"
to   = "shop.nets.mlp:Perceptron"
"""

SAVE = """if True:
    import sys, brine
    from shop.models import Network
    brine.open(sys.argv[1]).save(Network([1, 2, 3]), "net")
    """

LOAD = """if True:
    import sys, brine
    loaded = brine.open(sys.argv[1]).fetch("net")
    network, (rename,) = loaded.object, loaded.report.migrations
    print(type(network).__module__, type(network).__name__, network.weights)
    print(rename.from_, rename.to, rename.count, *rename.steps)
    """

FAIL = """if True:
    import sys, brine
    try:
        brine.open(sys.argv[1]).load("net", migrate=len(sys.argv) < 3)
    except brine.MigrationError as error:
        print(error, type(error.__cause__).__name__)
    """


class MovedClasses(StoreCase):
    def setUp(self):
        super().setUp()
        self.path = self.directory / "store"
        self.write("shop/__init__.py", "")
        self.write("shop/models.py", "class Network:\n"
                   "    def __init__(self, weights):\n"
                   "        self.weights = weights\n")
        self.run_python(SAVE, self.path)

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def move_class(self):
        (self.directory / "shop" / "models.py").unlink()
        self.write("shop/nets/__init__.py", "")
        self.write("shop/nets/mlp.py", "class Perceptron:\n    pass\n")

    def test_a_moved_class_is_an_error_with_a_way_out(self):
        self.move_class()
        said = self.run_python(FAIL, self.path)
        for words in ("shop.models:Network", "brine migrate add", "ModuleNotFoundError"):
            self.assertIn(words, said)

    def test_a_renamed_class_is_an_error_with_a_way_out(self):
        self.write("shop/models.py", "class Perceptron:\n    pass\n")
        said = self.run_python(FAIL, self.path)
        self.assertIn("shop.models:Network", said)
        self.assertIn("AttributeError", said)

    def test_a_table_makes_the_old_snapshot_load(self):
        self.move_class()
        status = self.store.add_table(TABLE)
        self.assertEqual((status.table.name, status.table.version), ("shop", 1))
        said = self.run_python(LOAD, self.path)
        self.assertEqual(said.splitlines(), [
            "shop.nets.mlp Perceptron [1, 2, 3]",
            "shop.models:Network shop.nets.mlp:Perceptron 1 shop:1"])

    def test_a_load_without_migration_is_as_it_was(self):
        self.move_class()
        self.store.add_table(TABLE)
        self.assertIn("shop.models:Network", self.run_python(FAIL, self.path, "never"))

    def test_tables_and_plans_can_be_asked_for(self):
        (self.directory / "shop.toml").write_text(TABLE)
        self.store.add_table(self.directory / "shop.toml")
        self.store.add_table(str(self.directory / "shop.toml"))
        (status,) = self.store.tables()
        (rule,) = status.table.rules
        self.assertEqual((rule.kind, rule.from_, rule.to),
                         ("symbol", ("shop.models", "Network"), ("shop.nets.mlp", "Perceptron")))
        plan = self.store.plan("net")
        self.assertEqual((plan.steps, plan.renames[0].to.name), (("shop:1",), "Perceptron"))

    def test_a_bad_table_names_its_origin_and_line(self):
        (self.directory / "bad.toml").write_text("[table]\nname = 3\n")
        with self.assert_raises(brine.MigrationError, "bad.toml"):
            self.store.add_table(self.directory / "bad.toml")
        self.assertEqual(self.store.tables(), [])


class Fallbacks(StoreCase):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(1)
        self.objects = [rng.standard_normal(50_000) for _ in range(2)]
        self.first, self.second = (self.store.save(obj, "run") for obj in self.objects)
        self.damage(self.second)

    def test_a_damaged_snapshot_is_an_error(self):
        with self.assertRaises(brine.IntegrityError):
            self.store.load("run")

    def test_a_fallback_is_served_with_a_warning(self):
        with self.assertWarns(brine.FallbackWarning) as caught:
            loaded = self.store.fetch("run", fallback=True)
        np.testing.assert_array_equal(loaded.object, self.objects[0])
        self.assertEqual(caught.filename, __file__)
        warning, report = caught.warning, loaded.report
        self.assertEqual((warning.wanted, warning.served), (self.second.id, self.first.id))
        self.assertIn("run:1", str(warning))
        self.assertIn("run:2", warning.reason)
        self.assertTrue(report.fallback)
        self.assertEqual([(each.seq, each.code) for each in report.rejected], [(2, "corrupt")])

    def test_every_fallback_is_warned_about(self):
        said = self.run_python("""if True:
            import sys, brine
            sys.stderr = sys.stdout
            store = brine.open(sys.argv[1])
            for _ in range(2):
                store.load("run:2", fallback=True)
                store.load_file("run:2", "out", fallback=True)
            """, self.directory / "store")
        self.assertEqual(said.count("<string>:6: FallbackWarning: served run:1"), 2, said)
        self.assertEqual(said.count("<string>:7: FallbackWarning: served run:1"), 2, said)

    def test_the_hook_and_the_events_tell_of_it(self):
        alert = self.directory / "alert.json"
        with self.assertWarns(brine.FallbackWarning):
            self.store.load("run", fallback=True, on_fallback=f"cat > '{alert}'")
        json.loads(alert.read_text())
        (event,) = [each for each in self.store.events() if each.kind == "fallback"]
        self.assertIsInstance(event.details, dict)

    def test_a_whole_line_of_damage_is_unusable(self):
        self.damage(self.first)
        with self.assertRaises(brine.UnusableError):
            self.store.load(self.second, fallback=True)

    def test_verify_finds_the_damage(self):
        (problem,) = self.store.verify().problems
        self.assertEqual(problem.code, "corrupt")
        self.assertEqual(self.store.resolve("run:2").state, "quarantined")


if __name__ == "__main__":
    unittest.main()
