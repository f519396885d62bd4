"""What goes in comes out, and a stock loader reads it too."""
import io
import pickle
import pickletools
import unittest

import numpy as np
import samples
from support import StoreCase


class Objects(StoreCase):
    def round_trip(self, obj, **options):
        return self.store.load(self.store.save(obj, "run", **options))

    def test_plain_objects_come_back_equal(self):
        for name, obj in samples.PLAIN.items():
            for protocol in (2, 4, 5):
                if protocol < 4 and name in samples.NESTED:
                    continue
                with self.subTest(name, protocol=protocol):
                    self.assertEqual(self.round_trip(obj, protocol=protocol), obj)

    def test_recursive_objects_come_back_recursive(self):
        items = [1]
        items.append(items)
        again = self.round_trip({"items": items, "same": items})
        self.assertIs(again["items"][1], again["items"])
        self.assertIs(again["items"], again["same"])

    def test_arrays_come_back_with_dtype_shape_and_order(self):
        for name, array in samples.ARRAYS.items():
            with self.subTest(name):
                again = self.round_trip(array)
                np.testing.assert_array_equal(again, array)
                self.assertEqual((again.dtype, again.shape), (array.dtype, array.shape))
                stock = pickle.loads(pickle.dumps(array, 5))
                self.assertEqual(again.flags.f_contiguous, stock.flags.f_contiguous)
                self.assertEqual(again.flags.writeable, stock.flags.writeable)

    def test_a_large_array_comes_back(self):
        array = np.random.default_rng(1).standard_normal(8 << 20)  # 64 MiB
        np.testing.assert_array_equal(self.round_trip({"w": array, "t": array[::2]})["w"], array)

    def test_every_codec_stores_the_same_payload(self):
        obj = {**samples.PLAIN, "weights": samples.ARRAYS["matrix over a frame"]}
        payloads = set()
        for codec in ("none", "gzip:1", "bzip2:1", "xz:0", "zstd:1"):
            saved = self.store.save(obj, "run", codec=codec)
            self.assertEqual(saved.codec, codec)
            self.store.load_file(saved, self.directory / codec)
            payloads.add((self.directory / codec).read_bytes())
        self.assertEqual(len(payloads), 1)

    def test_what_is_stored_is_a_pickle_for_the_stock_loader(self):
        obj = {**samples.PLAIN, **samples.ARRAYS}
        report = self.store.load_file(self.store.save(obj, "run"), self.directory / "run.pkl")
        payload = (self.directory / "run.pkl").read_bytes()
        self.assertEqual(report.payload_bytes, len(payload))
        pickletools.dis(payload, io.StringIO())
        again = pickle.loads(payload)
        self.assertEqual({name: again[name] for name in samples.PLAIN}, samples.PLAIN)
        np.testing.assert_array_equal(again["order F"], obj["order F"])

    def test_models_of_scikit_learn_predict_the_same(self):
        from sklearn.datasets import load_digits
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        images, labels = load_digits(return_X_y=True)
        models = [make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
                  RandomForestClassifier(10, random_state=1)]
        for model in models:
            model.fit(images[:900], labels[:900])
            again = self.round_trip(model, codec="zstd:1")
            np.testing.assert_array_equal(again.predict_proba(images), model.predict_proba(images))

    def test_a_save_needs_blocks_of_memory_and_not_the_payload(self):
        grown = self.run_python("""if True:
            import resource, sys
            import brine, numpy
            def peak():
                return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            store = brine.open(sys.argv[1], threads=2)
            array = numpy.random.default_rng(1).integers(0, 255, 400 << 20, dtype="u1")
            store.save(array[:8 << 20], "small")
            before = peak()
            store.save({"c": array, "f": array.reshape(20, -1).T}, "large", codec="none")
            print(peak() - before)
            """, self.directory / "store")
        self.assertLess(int(grown), 150)


if __name__ == "__main__":
    unittest.main()
