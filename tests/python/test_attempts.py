"""Snapshots that kill whoever unpickles them."""
import subprocess
import sys
import textwrap
import unittest
import warnings

import brine
from support import StoreCase

MODULE = textwrap.dedent("""
    import os, signal
    class Fragile:
        def __init__(self, number): self.number = number
        def __setstate__(self, state):
            self.__dict__ = state
            fate = os.environ.get("FATE")
            if self.number == 2 and fate == "killed": os.kill(os.getpid(), signal.SIGKILL)
            if self.number == 2 and fate == "raises": raise RuntimeError("no such device")
""")

SAVE = textwrap.dedent("""
    import brine, fragile
    with brine.open("store") as store:
        for number in (1, 2): store.save(fragile.Fragile(number), "run")
""")

LOAD = textwrap.dedent("""
    import brine, sys, warnings
    with brine.open("store") as store:
        print(store.load("run", fallback="fallback" in sys.argv).number)
""")


class Attempts(StoreCase):
    def setUp(self):
        super().setUp()
        (self.directory / "fragile.py").write_text(MODULE)
        self.run_python(SAVE)

    def load(self, fate="", *arguments):
        return subprocess.run([sys.executable, "-c", LOAD, *arguments], check=False,
                              env={**self.environment(), "FATE": fate}, cwd=self.directory,
                              capture_output=True, text=True, timeout=300)

    def test_a_snapshot_that_kills_its_loader_is_passed_over(self):
        for _ in range(3):
            self.assertEqual(self.load("killed", "fallback").returncode, -9)
        served = self.load("killed", "fallback")
        self.assertEqual((served.returncode, served.stdout), (0, "1\n"), served.stderr)
        self.assertIn("FallbackWarning: served run:1", served.stderr)
        self.assertIn("3 loads of it died", served.stderr)
        self.assertEqual(self.store.resolve("run").state, "suspect")

    def test_a_success_absolves_it(self):
        for _ in range(3):
            self.load("killed")
        self.assertEqual(self.load().stdout, "2\n")
        self.assertEqual(self.store.resolve("run").state, "good")

    def test_an_exception_is_no_death(self):
        for _ in range(4):
            self.assertIn("no such device", self.load("raises", "fallback").stderr)
        self.assertEqual(self.load("", "fallback").stdout, "2\n")
        self.assertEqual(list((self.directory / "store" / "attempts").iterdir()), [])

    def test_a_strict_load_of_a_suspect_logs_it(self):
        self.store.save([1], "plain")
        saved = self.store.resolve("plain")
        place = self.directory / "store" / "attempts"
        place.mkdir()
        for nonce in "abc":
            record = place / f"{saved.id}.{nonce}"
            record.touch()
            record.write_text(f"{record.stat().st_ino}\n")
        with self.assertLogs("brine", "WARNING") as logs, warnings.catch_warnings():
            warnings.simplefilter("error")
            self.assertEqual(self.store.load("plain"), [1])
        self.assertIn("plain:1 is suspect: 3 loads of it died", logs.output[0])


if __name__ == "__main__":
    unittest.main()
