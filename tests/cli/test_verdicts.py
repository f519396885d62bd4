"""What is malicious is dangerous, and an ordinary model is not: over the corpora, and over models
that are made here.

The corpora are directories with a MANIFEST.tsv, found as in test_corpus.py; without them, or
without numpy and scikit-learn, what needs them is skipped. BRINE_FULL=1 prints the table of
verdicts by framework.
"""
import argparse
import collections
import csv
import functools
import json
import os
import pathlib
import pickle
import unittest
import warnings

from support import CommandTest

FULL = os.environ.get("BRINE_FULL") == "1"
SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared"
CORPUS = pathlib.Path(os.environ.get("BRINE_CORPUS") or SHARED / "corpus")
CORPUS_BAD = pathlib.Path(os.environ.get("BRINE_CORPUS_BAD") or SHARED / "corpus_bad")

# Labelled by the directory that they came from, not by what they are.
NOT_MALICIOUS = {
    "picklescan/data/bad_pytorch.pt": "the first eight bytes of a PNG",
    "picklescan/data/not_a_pickle.bin": "eight bytes that end inside a name",
    "picklescan/data2/object_array.npy": "an array of plain objects; picklescan expects no issue",
    "picklescan/data2/object_arrays.npz": "the same, twice",
    "picklescan/data2/object_arrays_compressed.npz": "the same, deflated",
    "mit_model/model_weights.pkl": "a dict of texts and numbers; the other corpus says benign",
    "mixed_licenses/mixed_model.pkl": "a dict of texts; the other corpus says benign",
    # The other corpus calls these data: nothing decodes the text that has a pickle in it.
    "pickles/decode_exec_chain.pkl": "a pickle in base64 in a text",
    "pickles/nested_pickle_base64.pkl": "a pickle in base64 in a text",
    "pickles/nested_pickle_hex.pkl": "a pickle in hexadecimal in a text",
    "pickles/simple_nested.pkl": "a harmless pickle in a byte string",
}
# cloudpickle and dill write functions as code: whoever loads them runs it.
CODE = {"cloudpipe/cloudpickle"}
# Why a benign file may be `unknown`.
REASONS = ("is on no allow list", "not looked into", "were looked into", "extension code",
           "elements of an array")


def rows_of(corpus, path_column):
    with open(corpus / "MANIFEST.tsv", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            yield row | {"path": corpus / row[path_column]}


def framework_of(scan):
    """The framework whose symbols a payload has, the most telling first."""
    modules = {symbol["module"].split(".")[0] for symbol in scan["symbols"]}
    for framework in ("cloudpickle", "xgboost", "lightgbm", "sklearn", "pandas", "torch", "scipy",
                      "numpy"):
        if framework in modules:
            return framework
    return "other"


class Verdicts(CommandTest):
    without_store = True

    def scan(self, path):
        done = self.run_brine("scan", path, "--json")
        self.assertIn(done.returncode, (0, 1), f"{path}: {done.stderr!r}")
        return json.loads(done.stdout)


class CorpusTest(Verdicts):
    def corpus(self, corpus, path_column):
        if not corpus.is_dir():
            self.skipTest(f"no corpus in {corpus}: set BRINE_CORPUS and BRINE_CORPUS_BAD")
        return rows_of(corpus, path_column)

    def check_malicious(self, rows, least):
        seen = 0
        for row in rows:
            if any(str(row["path"]).endswith(known) for known in NOT_MALICIOUS):
                continue
            seen += 1
            with self.subTest(file=row["path"]):
                self.assertEqual(self.scan(row["path"])["verdict"], "dangerous")
        self.assertGreater(seen, least)

    def test_every_malicious_file_of_the_corpus_is_dangerous(self):
        rows = self.corpus(CORPUS, "file")
        self.check_malicious((row for row in rows if row["label"] == "malicious"), 30)

    def test_every_malicious_file_of_the_other_corpus_is_dangerous(self):
        rows = self.corpus(CORPUS_BAD, "local_path")
        self.check_malicious((row for row in rows if "malicious" in row["declared"]), 100)

    def test_no_ordinary_model_of_the_corpus_is_dangerous(self):
        table = collections.Counter()
        for row in self.corpus(CORPUS, "file"):
            if row["label"] != "benign" or row["repo"] in CODE:
                continue
            scan = self.scan(row["path"])
            table[framework_of(scan), scan["verdict"]] += 1
            with self.subTest(file=row["path"]):
                self.assertNotEqual(scan["verdict"], "dangerous", scan["findings"])
                told = [finding["reason"] for finding in scan["findings"]]
                if scan["verdict"] == "unknown":
                    self.assertTrue(any(why in reason for why in REASONS for reason in told), told)
        self.assertGreater(table["sklearn", "safe"], 30)
        if FULL:
            for (framework, verdict), count in sorted(table.items()):
                print(f"{framework:12} {verdict:10} {count}")


class MadeHereTest(Verdicts):
    """The same without the corpora: what this machine's own numpy and scikit-learn write."""

    def check_safe(self, thing, protocols=range(6)):
        for protocol in protocols:
            path = self.file("model.pkl", pickle.dumps(thing, protocol=protocol))
            with self.subTest(thing=repr(thing)[:60], protocol=protocol):
                scan = self.scan(path)
                self.assertEqual(scan["verdict"], "safe", scan["findings"])

    def check_unknown(self, thing):
        path = self.file("model.pkl", pickle.dumps(thing))
        with self.subTest(thing=repr(thing)[:60]):
            self.assertEqual(self.scan(path)["verdict"], "unknown")

    def numpy(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("numpy is not installed")
        return numpy

    def test_arrays_are_safe(self):
        np = self.numpy()
        ragged = np.empty(300, object)
        ragged[:] = [np.zeros(i % 7) for i in range(300)]
        for thing in (np.zeros((2, 3)), np.float64(3), np.array([None, "x", [1]], object), ragged,
                      np.zeros((2, 0), object), np.array(["a", "bc"]), np.array([b"abc"]),
                      np.zeros(3, [("a", "i4"), ("b", "U3"), ("c", "f8")]),
                      np.rec.array([(1, 2.)], dtype=[("x", "i4"), ("y", "f8")]),
                      np.zeros(3, [("p", "f4", (2, 2))]), np.zeros(3, [("p", [("x", "f4")])]),
                      np.float64, np.ma.array([(1, 2)], dtype=[("a", "i4"), ("b", "i4")]),
                      np.array(["2020-01-01"], "M8[D]"), np.ma.array([1, 2], mask=[0, 1]),
                      np.random.RandomState(1), np.random.default_rng(1), np.log1p,
                      collections.defaultdict(list, a=[np.int64(1)])):
            self.check_safe(thing)

    def test_arrays_that_lay_in_files_are_safe(self):
        np = self.numpy()
        mapped = np.memmap(self.file("mapped", bytes(80)), "f8", "r")
        self.check_safe(mapped, range(2, 6))
        try:
            import joblib
        except ImportError:
            self.skipTest("joblib is not installed")
        for compress in (0, 3):
            path = self.file("model.joblib", b"")
            joblib.dump({"a": mapped, "b": np.zeros(3)}, path, compress=compress)
            with self.subTest(compress=compress):
                scan = self.scan(path)
                self.assertEqual(scan["verdict"], "safe", scan["findings"])

    def test_classes_that_are_kept_are_unknown(self):
        try:
            from sklearn.svm import SVC
        except ImportError:
            self.skipTest("scikit-learn is not installed")
        self.check_unknown(SVC)
        self.check_unknown(SVC(kernel=SVC))
        self.check_unknown(argparse.Namespace(score=SVC))

    def test_functions_that_are_kept_to_be_called_are_unknown(self):
        np = self.numpy()
        self.check_unknown(functools.partial(np.mean))
        self.check_unknown(collections.defaultdict(np.zeros))

    def test_models_of_scikit_learn_are_safe(self):
        np = self.numpy()
        try:
            from sklearn import (ensemble, linear_model, model_selection, neighbors, pipeline,
                                 preprocessing, svm)
        except ImportError:
            self.skipTest("scikit-learn is not installed")
        models = (
            pipeline.make_pipeline(preprocessing.StandardScaler(),
                                   ensemble.RandomForestClassifier(3)),
            ensemble.GradientBoostingClassifier(n_estimators=3),
            ensemble.HistGradientBoostingClassifier(max_iter=3),
            ensemble.IsolationForest(n_estimators=3),
            linear_model.LogisticRegression(), linear_model.SGDClassifier(), svm.SVC(),
            neighbors.KNeighborsClassifier(algorithm="ball_tree"),
            neighbors.KNeighborsClassifier(algorithm="kd_tree"),
            preprocessing.FunctionTransformer(np.log1p), preprocessing.OneHotEncoder(),
        )
        samples = np.random.RandomState(0).rand(60, 4)
        for model in models:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.check_safe(model.fit(samples, samples[:, 0] > 0.5))
        # It keeps a scorer, which calls a method of whatever it is given.
        search = model_selection.GridSearchCV(linear_model.LogisticRegression(), {"C": [1]}, cv=2)
        self.check_unknown(search.fit(samples, samples[:, 0] > 0.5))


if __name__ == "__main__":
    unittest.main()
