"""What the tests of the package share."""
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import brine


class StoreCase(unittest.TestCase):
    """A case with an empty directory and an empty store in it."""

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.store = self.enterContext(brine.open(self.directory / "store", create=True))

    @contextlib.contextmanager
    def assert_raises(self, error, *words):
        """Requires `error` with every one of `words` in its text, and yields what holds it."""
        with self.assertRaises(error) as caught:
            yield caught
        for word in words:
            self.assertIn(word, str(caught.exception))

    def files(self):
        """Returns every file of the store that holds part of a snapshot, or might."""
        root = self.directory / "store"
        return {path.relative_to(root) for name in ("packs", "snapshots", "good", "attempts")
                for path in (root / name).rglob("*") if path.is_file()}

    def damage(self, snapshot):
        """Flips 16 bytes in the middle of the pack of a snapshot."""
        pack = self.directory / "store" / self.store.show(snapshot).pack
        pack.chmod(0o644)
        content = bytearray(pack.read_bytes())
        middle = len(content) // 2
        content[middle:middle + 16] = bytes(byte ^ 0xff for byte in content[middle:middle + 16])
        pack.write_bytes(content)

    def environment(self):
        """Returns an environment for processes that can import what lies in the directory."""
        path = os.pathsep.join([str(self.directory), os.environ.get("PYTHONPATH", "")])
        return {**os.environ, "PYTHONPATH": path}

    def run_python(self, code, *arguments):
        """Runs `code` in a process of its own that can import what lies in the directory."""
        run = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=False,
                             env=self.environment(), cwd=self.directory,
                             capture_output=True, text=True, timeout=300)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout
