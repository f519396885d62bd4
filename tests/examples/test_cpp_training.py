"""A training loop in C++ is killed and goes on; Python reads the checkpoints that it left."""
import json
import math
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy
except ImportError:
    numpy = None

PROGRAM = os.environ["CPP_TRAINING"]
BRINE = os.environ["BRINE"]
PACKAGE = pathlib.Path(os.environ["BRINE_BUILD"]) / "python"
EPOCHS = 5


@unittest.skipIf(numpy is None, "numpy is not installed")
class CppTrainingTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)

    def train(self, store, *words):
        return subprocess.run([PROGRAM, self.root / store, str(EPOCHS), *map(str, words)],
                              capture_output=True, text=True, check=False)

    def brine(self, store, *words):
        done = subprocess.run([BRINE, "--store", self.root / store, *words], capture_output=True,
                              text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, done.stderr))
        return done.stdout

    def load(self, store, ref):
        out = self.root / "checkpoint.pkl"
        self.brine(store, "load", ref, "-o", str(out))
        return pickle.loads(out.read_bytes())

    def killed_and_resumed(self):
        first = self.train("killed", 3)
        self.assertEqual(first.returncode, -signal.SIGKILL)
        self.assertEqual(len(first.stdout.splitlines()), 2)
        second = self.train("killed")
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertTrue(second.stdout.startswith("going on from epoch 2\nepoch 3: loss "))
        return first.stdout + second.stdout.partition("\n")[2]

    def test_a_killed_run_ends_with_the_numbers_of_an_undisturbed_one(self):
        whole = self.train("whole")
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertEqual(self.killed_and_resumed(), whole.stdout)
        for epoch in range(1, EPOCHS + 1):
            ours, theirs = (self.load(store, f"fit@step={epoch}") for store in ("whole", "killed"))
            self.assertEqual(pickle.dumps(ours), pickle.dumps(theirs))

    def test_python_reads_the_numbers_that_the_program_had(self):
        said = self.train("store").stdout.splitlines()
        log = {row["step"]: row for row in json.loads(self.brine("store", "log", "--json"))
               ["snapshots"]}
        for epoch in range(1, EPOCHS + 1):
            value = self.load("store", f"fit@step={epoch}")
            self.assertEqual(value["epoch"], epoch)
            self.assertEqual(said[epoch - 1], f"epoch {epoch}: loss {value['loss']:.6f}")
            self.assertEqual(log[epoch]["metrics"], {"loss": value["loss"]})
            model, probe = value["model"], value["probe"]
            self.assertEqual(model["weights"].dtype, "float64")
            total = float(model["weights"] @ probe["input"]) + model["bias"]
            self.assertAlmostEqual(1 / (1 + math.exp(-total)), probe["score"], places=12)
        self.assertLess(value["loss"], 0.5)
        self.assertEqual(log[EPOCHS]["verdict"], "safe")

    def test_the_package_reads_them_too(self):
        if not list(PACKAGE.glob("brine/_brine*.so")):
            self.skipTest("this build is without the Python package")
        self.train("store")
        script = "import brine; print(brine.open('store').load('fit@best(-loss)')['epoch'])"
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
        done = subprocess.run([sys.executable, "-c", script], cwd=self.root, capture_output=True,
                              text=True, check=False, env=environment)
        self.assertEqual((done.stdout, done.stderr), (f"{EPOCHS}\n", ""))

    def test_what_is_no_number_of_epochs_is_told_in_one_sentence(self):
        for words in (["abc"], ["5x"], [""], ["99999999999999999999"], ["5", "x"], ["-1"]):
            done = subprocess.run([PROGRAM, self.root / "store", *words], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.returncode, 2, (words, done.stderr))
            self.assertEqual(done.stderr.splitlines(),
                             [f"cpp_training: '{words[-1]}' is no number of an epoch",
                              "usage: cpp_training STORE EPOCHS [DIES_IN_EPOCH]"])
            self.assertFalse((self.root / "store").exists())

    def test_a_damaged_store_is_told_and_not_trained_over(self):
        self.train("store")
        for pack in (self.root / "store/packs").rglob("*.zst"):
            pack.write_bytes(pack.read_bytes()[:-1])
        done = self.train("store")
        self.assertEqual(done.returncode, 11, done.stdout)


if __name__ == "__main__":
    unittest.main()
