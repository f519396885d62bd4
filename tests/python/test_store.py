"""Snapshots and what is asked about them; stores and how they are found."""
import dataclasses
import os
import pathlib
import pickle
import unittest
import unittest.mock

import brine
import numpy as np
import samples
from support import StoreCase


class Snapshots(StoreCase):
    def test_a_snapshot_says_what_was_saved(self):
        saved = self.store.save([1, 2], "run", step=7, metrics={"loss": 0.5, "nan": float("nan")},
                                tags=("b", "a"), codec="xz:1")
        self.assertEqual((saved.line, saved.seq, saved.ref), ("run", 1, "run:1"))
        self.assertEqual((saved.step, saved.tags, saved.codec), (7, ("a", "b"), "xz:1"))
        self.assertEqual(saved.metrics["loss"], 0.5)
        self.assertNotEqual(saved.metrics["nan"], saved.metrics["nan"])
        self.assertEqual((saved.format, saved.protocol), ("pickle", 5))
        self.assertEqual((saved.origin, saved.verdict, saved.state), ("object", "safe", "good"))
        self.assertEqual(saved.payload_bytes, len(pickle.dumps([1, 2], 5)))
        self.assertRegex(saved.id, "^[0-9a-f]{64}$")

    def test_numbers_of_numpy_are_numbers(self):
        saved = self.store.save(1, "run", step=np.int64(3), metrics={"loss": np.float32(0.25)})
        self.assertEqual((saved.step, saved.metrics), (3, {"loss": 0.25}))

    def test_snapshots_are_read_only_values_that_outlive_the_store(self):
        saved = self.store.save(1, "run")
        self.store.close()
        with self.assertRaises(AttributeError):
            saved.line = "other"
        again = pickle.loads(pickle.dumps(saved))
        self.assertEqual((again, hash(again)), (saved, hash(saved)))

    def test_references_and_snapshots_name_what_to_load(self):
        first = self.store.save("one", "run", step=1, metrics={"loss": 2.0}, tags=["release"])
        second = self.store.save("two", "run", step=2, metrics={"loss": 3.0})
        for ref, obj in {"run": "two", "run:1": "one", "run@latest": "two", "run~1": "one",
                         "run@best(-loss)": "one", "run@best(loss)": "two", "run@step=1": "one",
                         "run@release": "one", first.id[:8]: "one", second: "two"}.items():
            with self.subTest(ref):
                self.assertEqual(self.store.load(ref), obj)
                self.assertIn(self.store.resolve(ref), (first, second))

    def test_the_log_is_newest_first_and_can_be_narrowed(self):
        for number in range(3):
            self.store.save(number, "run", tags=["first"] if number == 0 else ())
        self.store.save("x", "other")
        self.assertEqual([each.ref for each in self.store.log()],
                         ["other:1", "run:3", "run:2", "run:1"])
        self.assertEqual([each.ref for each in self.store.log("run", limit=2)], ["run:3", "run:2"])
        self.assertEqual([each.ref for each in self.store.log(tag="first")], ["run:1"])

    def test_show_tells_symbols_blocks_and_buffers(self):
        array = np.arange(1 << 20, dtype="<i8")
        detail = self.store.show(self.store.save({"w": array, "p": samples.Point(1, 2)}, "run"))
        self.assertIn(brine.Symbol("samples", "Point"), detail.symbols)
        self.assertIn("samples:Point", map(str, detail.symbols))
        self.assertEqual(sum(block.bytes for block in detail.blocks),
                         detail.snapshot.payload_bytes)
        self.assertEqual([buffer.bytes for buffer in detail.buffers], [array.nbytes])
        self.assertIn("symbols", repr(detail))

    def test_notebooks_get_small_tables(self):
        saved = self.store.save(b"x" * 5000, "run", step=12, metrics={"loss": 0.5})
        self.assertIn("run:1", saved._repr_html_())
        self.assertIn("loss=0.5", self.store.log()._repr_html_())
        self.assertIn("a&lt;b:1", dataclasses.replace(saved, line="a<b")._repr_html_())
        self.assertIn("<Snapshot run:1 good 4.9", repr(saved))
        self.assertIn("step=12", repr(saved))

    def test_verify_and_reindex_report(self):
        self.store.save(samples.PLAIN, "run")
        report = self.store.verify()
        self.assertEqual((report.snapshots, report.problems), (1, ()))
        self.assertEqual(self.store.verify("run").blocks, report.blocks)
        self.store.close()
        (self.directory / "store" / "catalog.sqlite").unlink()
        self.assertEqual(brine.reindex(self.directory / "store").snapshots, 1)
        with brine.open(self.directory / "store") as again:
            self.assertEqual(again.load("run"), samples.PLAIN)

    def test_progress_is_told_and_may_stop_a_save(self):
        told = []
        array = np.zeros(32 << 20, dtype="u1")
        saved = self.store.save(array, "run", progress=lambda done, total: told.append(done))
        self.assertTrue(told)
        told.clear()
        self.store.load(saved, progress=lambda done, total: told.append((done, total)))
        self.assertEqual(told[-1], (saved.payload_bytes, saved.payload_bytes))

        def stop(done, total):
            raise InterruptedError("enough")
        before = self.files()
        with self.assert_raises(InterruptedError, "enough"):
            self.store.save(array, "run", progress=stop)
        self.assertEqual(self.files(), before)


class Failures(StoreCase):
    def test_errors_have_class_code_and_hint(self):
        self.store.save(1, "run")
        store = self.directory / "store"
        for body, error, base in [
            (lambda: self.store.load("nothing"), brine.NotFoundError, LookupError),
            (lambda: self.store.save(1, "a/b"), brine.UsageError, ValueError),
            (lambda: self.store.save(1, "run", codec="zip"), brine.UsageError, ValueError),
            (lambda: self.store.save_file(store / "no", "run"), brine.NotFoundError, LookupError),
            (lambda: brine.open(self.directory / "no"), brine.NotFoundError, LookupError),
            (lambda: brine.scan(self.directory / "no"), brine.NotFoundError, LookupError),
        ]:
            with self.assertRaises(error) as caught:
                body()
            self.assertIsInstance(caught.exception, (brine.BrineError, base))
            self.assertEqual(caught.exception.code, error.code)

    def test_a_wrong_argument_is_a_usage_error(self):
        for body in [lambda: self.store.load(3), lambda: self.store.save(1, 2),
                     lambda: self.store.save_file(__file__, "run", tags="release"),
                     lambda: self.store.load("run", trusted="os")]:
            with self.assertRaises(brine.UsageError) as caught:
                body()
            self.assertTrue(caught.exception.hint)
        self.assertEqual(self.files(), set())

    def test_an_unpicklable_object_leaves_nothing_behind(self):
        self.store.save("good", "run")
        before = self.files()
        large = np.zeros(16 << 20, dtype="u1")
        with self.assert_raises(AttributeError, "local object"):
            self.store.save([large, lambda: 0], "run")
        with self.assertRaises(RecursionError):
            deep = []
            for _ in range(100_000):
                deep = [deep]
            self.store.save(deep, "run")
        self.assertEqual(self.files(), before)
        self.assertEqual([each.ref for each in self.store.log()], ["run:1"])

    def test_names_of_main_are_warned_about(self):
        code = """if True:
            import sys, warnings, brine
            class Mine: pass
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                brine.open(sys.argv[1]).save([Mine()], "run")
            for warning in caught:
                print(warning.category.__name__, warning.filename, warning.message)
            """
        said = self.run_python(code, self.directory / "store")
        self.assertRegex(said, r"PortabilityWarning <string> .*\(Mine\)")


class Opening(StoreCase):
    def test_without_a_path_the_nearest_store_is_opened(self):
        below = self.directory / "project" / "src"
        below.mkdir(parents=True)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(below)
        with unittest.mock.patch.dict(os.environ):
            os.environ.pop("BRINE_STORE", None)
            with self.assert_raises(brine.NotFoundError, "create=True"):
                brine.open()
            brine.open("../.brine", create=True).save("here", "run")
            self.assertEqual(brine.open().load("run"), "here")
            os.environ["BRINE_STORE"] = str(self.directory / "store")
            self.assertEqual(brine.open().root, self.directory / "store")

    def test_create_opens_what_is_there(self):
        path = os.fspath(self.directory / "new")
        brine.open(path, create=True, codec="gzip:9").save([1], "run")
        again = brine.open(pathlib.Path(path), create=True)
        self.assertEqual(again.load("run"), [1])
        self.assertEqual(again.save([2], "run").codec, "gzip:9")
        self.assertEqual(brine.open(path, codec="none").save([3], "run").codec, "none")
        self.assertEqual(again.save([4], "run", codec="bzip2:1").codec, "bzip2:1")

    def test_a_directory_of_others_is_left_alone(self):
        (self.directory / "photos").mkdir()
        (self.directory / "photos" / "cat.jpg").touch()
        with self.assertRaises(brine.ExistsError):
            brine.open(self.directory / "photos", create=True)
        self.assertEqual(os.listdir(self.directory / "photos"), ["cat.jpg"])

    def test_a_closed_store_says_so(self):
        with brine.open(self.directory / "store") as store:
            self.assertIn("store", repr(store))
        store.close()
        with self.assert_raises(brine.UsageError, "closed"):
            store.log()


if __name__ == "__main__":
    unittest.main()
