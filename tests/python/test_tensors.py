"""Tensors of snapshots and files, by path, without unpickling."""
import io
import pickle
import unittest

import brine
import numpy as np
from support import StoreCase


class Tensors(StoreCase):
    def test_tensors_of_a_snapshot_lie_where_they_say(self):
        value = {"weights": [np.arange(6.0).reshape(2, 3), np.arange(3, dtype="int8")],
                 "bias": np.float32(0.5)}
        saved = self.store.save(value, "model")
        payload = pickle.dumps(value, 5)
        tensors = {each.path: each for each in self.store.tensors(saved)}
        self.assertEqual(set(tensors), {"weights[0]", "weights[1]", "bias"})
        first = tensors["weights[0]"]
        self.assertEqual((first.dtype, first.shape, first.bytes), ("float64", (2, 3), 48))
        elements = payload[first.offset:first.offset + first.bytes]
        np.testing.assert_array_equal(np.frombuffer(elements).reshape(first.shape),
                                      value["weights"][0])
        self.assertEqual(self.store.tensors("model:1"), list(tensors.values()))

    def test_the_tree_of_a_file_is_rows(self):
        path = self.directory / "tree.pkl"
        path.write_bytes(pickle.dumps({"a": list(range(9))}))
        rows = brine.tree(path)
        self.assertEqual(rows[:2], [brine.TreeRow(0, "", "dict, 1 item"),
                                    brine.TreeRow(1, "a", "list, 9 items")])
        self.assertEqual(rows[-1].name, "... 6 more")
        self.assertEqual(len(brine.tree(path, all=True)), 11)
        self.assertEqual(len(brine.tree(path, depth=0)), 1)

    def test_the_tree_of_a_snapshot_is_that_of_its_file(self):
        path = self.directory / "tree.pkl"
        value = {"a": list(range(9)), "b": {"c": {"d": {"e": 1}}}}
        path.write_bytes(pickle.dumps(value, 5))
        saved = self.store.save(value, "model")
        for options in ({}, {"all": True}, {"depth": 0}, {"depth": 9}):
            self.assertEqual(self.store.tree(saved, **options), brine.tree(path, **options))
        self.assertEqual(self.store.tree("model:1"), self.store.tree(saved))
        with self.assert_raises(brine.NotFoundError, "no line"):
            self.store.tree("nowhere")

    def test_tensors_of_a_file_need_no_store(self):
        path = self.directory / "arrays.npz"
        np.savez(path, a=np.arange(4, dtype=">i4"), b=np.zeros((2, 0)))
        listed = brine.tensors(path)
        self.assertEqual([(each.path, each.dtype, each.shape) for each in listed],
                         [("a", "int32, big-endian", (4,)), ("b", "float64", (2, 0))])
        content = path.read_bytes()
        first = listed[0]
        self.assertEqual(content[first.offset:first.offset + first.bytes],
                         np.arange(4, dtype=">i4").tobytes())

    def test_statistics_are_those_of_numpy(self):
        numbers = np.random.default_rng(7)
        value = {"weights": numbers.normal(size=(300, 70)).astype("float32"),
                 "half": numbers.normal(size=99).astype("float16"),
                 "counts": numbers.integers(-2**62, 2**62, size=50),
                 "names": np.array(["a", "b"])}
        value["weights"][3, :5] = [np.nan, np.inf, -np.inf, 0, -0.0]
        saved = self.store.save(value, "model")
        self.assertTrue(all(each.statistics is None for each in self.store.tensors(saved)))
        for each in self.store.tensors(saved, statistics=True):
            array, told = value[each.path], each.statistics
            if each.path == "names":
                self.assertIsNone(told)
                continue
            finite = array[np.isfinite(array)]
            self.assertEqual((told.min, told.max), (finite.min(), finite.max()), each.path)
            self.assertEqual((told.nans, told.infinities, told.zeros),
                             (np.isnan(array).sum(), np.isinf(array).sum(), (array == 0).sum()))

    def test_nothing_of_it_is_executed(self):
        class Shell:
            def __reduce__(self):
                return exec, ("raise SystemExit",)

        file = io.BytesIO()
        pickle.dump([np.arange(3), Shell()], file, 5)
        path = self.directory / "bad.pkl"
        path.write_bytes(file.getvalue())
        self.assertEqual([each.path for each in brine.tensors(path)], ["[0]"])

    def test_what_has_none_and_what_cannot_be_listed(self):
        self.assertEqual(self.store.tensors(self.store.save([1, "a"], "plain")), [])
        path = self.directory / "a.tar"
        path.write_bytes(bytes(257) + b"ustar" + bytes(300))
        with self.assert_raises(brine.IntegrityError, "the tar has a header"):
            brine.tensors(path)
        with self.assert_raises(brine.NotFoundError, "nowhere"):
            brine.tensors(self.directory / "nowhere")
        with self.assert_raises(brine.NotFoundError, "no line"):
            self.store.tensors("nowhere")


if __name__ == "__main__":
    unittest.main()
