"""Whatever goes wrong in the package is a BrineError, and its hint works where it is read."""
import os
import pathlib
import unittest
import warnings

import brine
from support import StoreCase


class Errors(StoreCase):
    def raised(self, body):
        with self.assertRaises(brine.BrineError) as caught:
            body()
        return caught.exception

    def test_every_wrong_call_is_a_usage_error_with_a_hint(self):
        file = self.directory / "m.pkl"
        file.write_bytes(b"\x80\x04N.")
        wrong = [{"step": 2**63}, {"step": -2**63 - 1}, {"step": "x"}, {"step": 1.5},
                 {"metrics": {"loss": None}}, {"metrics": {"loss": "low"}}, {"metrics": [1]},
                 {"metrics": {"loss": 10**400}}, {"tags": "nightly"}, {"tags": 3}, {"codec": 3}]
        for labels in wrong:
            for save in (lambda: self.store.save([1], "run", **labels),
                         lambda: self.store.save_file(file, "run", **labels)):
                with self.subTest(**labels):
                    error = self.raised(save)
                    self.assertIsInstance(error, brine.UsageError)
                    self.assertTrue(error.hint)
                    self.assertIn(next(iter(labels))[:4], str(error))
        for body in (lambda: self.store.save([1], 5), lambda: self.store.save_file(file, None),
                     lambda: self.store.show(5), lambda: self.store.load("run", trusted="os"),
                     lambda: self.store.load("run", trusted=5)):
            error = self.raised(body)
            self.assertIsInstance(error, brine.UsageError)
            self.assertTrue(error.hint)
        self.assertEqual(self.store.log(), [])

    def test_arguments_of_wrong_types_are_named(self):
        root = self.directory / "store"
        for body, said in [
            (lambda: self.store.log(5), "log() cannot take 5"),
            (lambda: self.store.log(limit=-1), "log() cannot take limit=-1"),
            (lambda: self.store.events(limit="x"), "events() cannot take limit='x'"),
            (lambda: self.store.load_file("run", 7), "load_file() cannot take 'run', 7"),
            (lambda: self.store.save_file(7, "run"), "save_file() cannot take 7, 'run'"),
            (lambda: self.store.add_table(7), "a table is a path or a text, not 7"),
            (lambda: brine.open(5), "cannot take 5"),
            (lambda: brine.open(root, threads=-1), "threads=-1"),
            (lambda: brine.scan(5), "scan() cannot take 5"),
            (lambda: brine.reindex(None), "reindex() cannot take None"),
            (lambda: brine.scan(root / "brine.json", trusted=["a b"]), "trusted entry 'a b'"),
        ]:
            with self.subTest(said=said):
                error = self.raised(body)
                self.assertIsInstance(error, brine.UsageError)
                self.assertIn(said, str(error))
                self.assertNotIn("incompatible", str(error))
                self.assertTrue(error.hint)

    def test_wrong_arguments_lead_to_the_help_of_what_was_called(self):
        root = self.directory / "store"
        for body, hint in [
            (lambda: brine.tree("m.pkl", depth=-1), "help(brine.tree)"),
            (lambda: brine.tensors(3), "help(brine.tensors)"),
            (lambda: brine.scan(None), "help(brine.scan)"),
            (lambda: brine.convert("m.pkl", 5, protocol=4), "help(brine.convert)"),
            (lambda: brine.reindex(None), "help(brine.reindex)"),
            (lambda: brine.open(root, threads=-1), "help(brine.open)"),
            (lambda: self.store.tree("run", depth=-1), "help(brine.Store.tree)"),
            (lambda: self.store.log(5), "help(brine.Store.log)"),
            (lambda: self.store.load_file("run", 7), "help(brine.Store.load_file)"),
            (lambda: self.store.save_file(7, "run"), "help(brine.Store.save_file)"),
        ]:
            with self.subTest(hint=hint):
                self.assertEqual(self.raised(body).hint, hint)
                called = eval(hint[len("help("):-1], {"brine": brine})
                self.assertTrue(called.__doc__)

    def test_hints_speak_of_arguments_and_not_of_options(self):
        half = self.directory / "half.pkl"
        half.write_bytes(b"\x80\x04K")
        error = self.raised(lambda: self.store.save_file(half, "run"))
        self.assertEqual(error.hint, "store.save_file(path, line, as_is=True)")
        self.store.save_file(half, "run", as_is=True)
        self.damage(self.store.save([2], "mlp"))
        self.assertEqual(self.raised(lambda: self.store.load("mlp")).hint, "fallback=True")
        table = self.directory / "t.toml"
        table.write_text("no table")
        self.assertEqual(self.raised(lambda: self.store.add_table(table)).hint,
                         "brine help migrate")

    def test_steps_reach_from_end_to_end_of_64_bits(self):
        for step in (2**63 - 1, -2**63, 0):
            self.assertEqual(self.store.save([1], "run", step=step).step, step)

    def test_a_missing_file_is_not_found_in_the_same_words(self):
        missing = self.directory / "no.pkl"
        for body in (lambda: self.store.add_table(missing), lambda: brine.scan(missing),
                     lambda: self.store.add_table(str(missing)),
                     lambda: self.store.save_file(missing, "run")):
            error = self.raised(body)
            self.assertIsInstance(error, brine.NotFoundError)
            self.assertIsInstance(error, LookupError)
            self.assertEqual(error.args[0], f"there is no file {missing}")
            self.assertEqual(error.hint, f"ls -la {self.directory}")

    def test_a_table_that_cannot_be_read_is_an_error_of_brine(self):
        self.assertIsInstance(self.raised(lambda: self.store.add_table(self.directory)),
                              brine.EnvironmentFailure)
        table = self.directory / "t.toml"
        table.write_bytes(b'[table]\nname = "\xff"\n')
        self.assertIsInstance(self.raised(lambda: self.store.add_table(table)),
                              brine.MigrationError)
        self.assertEqual(self.store.tables(), [])

    def test_no_space_leads_to_the_disk_of_the_store(self):
        code = """if True:
            import os, resource, sys, brine
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
            import signal
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            store = brine.open("store")
            try:
                store.save(os.urandom(8 << 20), "run")
            except brine.NoSpaceError as error:
                print(error.hint)
        """
        self.assertEqual(self.run_python(code), "ulimit -f\n")

    def test_a_fallback_separates_the_snapshot_from_the_reason(self):
        self.store.save([1], "mlp")
        self.damage(self.store.save([2], "mlp"))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self.assertEqual(self.store.load("mlp", fallback=True), [1])
        self.assertRegex(str(told[0].message), r"mlp:2: packs/")


class Stores(StoreCase):
    def setUp(self):
        super().setUp()
        self.store.save([1], "run")
        self.addCleanup(os.chdir, os.getcwd())
        os.environ.pop("BRINE_STORE", None)

    def hint(self, store, reference="run:9"):
        with self.assertRaises(brine.NotFoundError) as caught:
            store.load(reference)
        return caught.exception.hint

    def test_a_store_that_no_walk_finds_is_named(self):
        root = self.directory / "store"
        os.chdir(self.directory)
        self.assertEqual(self.hint(self.store), f"brine --store {root} log run")
        for ask in (self.store.show, self.store.resolve, self.store.plan, self.store.verify):
            with self.assertRaises(brine.NotFoundError) as caught:
                ask("run:9")
            self.assertEqual(caught.exception.hint, f"brine --store {root} log run")

    def test_a_store_that_a_walk_finds_is_not_named(self):
        below = self.directory / "project" / "deep"
        below.mkdir(parents=True)
        with brine.open(self.directory / "project" / ".brine", create=True) as store:
            store.save([1], "run")
            os.chdir(below)
            self.assertEqual(self.hint(store), "brine log run")
            self.assertIn("--store", self.hint(self.store))
            os.environ["BRINE_STORE"] = str(self.directory / "store")
            self.addCleanup(os.environ.pop, "BRINE_STORE", None)
            self.assertIn(f"--store {self.directory / 'project' / '.brine'}", self.hint(store))

    def test_a_catalog_that_is_lost_is_rebuilt_where_it_was(self):
        (self.directory / "store" / "catalog.sqlite").write_bytes(b"none" * 999)
        root = self.directory / "store"
        for body in (lambda: brine.open(root).log(), lambda: brine.open(root).save([1], "run")):
            with self.assertRaises(brine.IntegrityError) as caught:
                body()
            self.assertEqual(caught.exception.hint, f"brine --store {root} reindex")

    def test_a_path_with_blanks_is_one_word(self):
        root = pathlib.Path(self.directory) / "my runs"
        with brine.open(root, create=True) as store:
            store.save([1], "run")
            self.assertEqual(self.hint(store), f"brine --store '{root}' log run")


if __name__ == "__main__":
    unittest.main()
