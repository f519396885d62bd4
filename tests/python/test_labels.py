"""What a save is labelled with: any number that calls itself one, and a sentence for the rest."""
import math
import unittest

import brine
from support import StoreCase


class LabelsTest(StoreCase):
    def test_what_is_no_label_is_named(self):
        cases = [
            ({"step": 1.5}, "step wants a whole number, not 1.5"),
            ({"step": "x"}, "step wants a whole number, not 'x'"),
            ({"metrics": {"loss": None}}, "metric 'loss' wants a number, not None"),
            ({"metrics": {1: 2.0}}, "metric 1 wants a number"),
            ({"metrics": [1]}, "metrics wants names and numbers, not [1]"),
            ({"tags": "nightly"}, "tags wants several names, not one text"),
        ]
        for labels, said in cases:
            with self.subTest(**labels):
                with self.assertRaises(brine.UsageError) as caught:
                    self.store.save([1], "run", **labels)
                self.assertIn(said, str(caught.exception))
        self.assertEqual(self.store.log(), [])

    def test_numbers_of_other_libraries_are_numbers(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("numpy is not installed")
        saved = self.store.save([1], "run", step=numpy.int64(7),
                                metrics={"loss": numpy.float32(0.5), "worst": float("nan")})
        self.assertEqual(saved.step, 7)
        self.assertEqual(saved.metrics["loss"], 0.5)
        self.assertTrue(math.isnan(saved.metrics["worst"]))

    def test_tags_come_from_any_iterable(self):
        saved = self.store.save([1], "run", tags=(f"t{i}" for i in range(3)))
        self.assertEqual(list(saved.tags), ["t0", "t1", "t2"])


if __name__ == "__main__":
    unittest.main()
