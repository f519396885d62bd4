"""Files in another protocol, without unpickling."""
import pickle
import unittest

import brine
import numpy as np
from support import StoreCase


class Convert(StoreCase):
    def test_a_file_is_written_in_another_protocol(self):
        value = {"weights": np.arange(6.0), "seen": {1, 2}, "raw": b"\xff" * 300}
        path, out = self.directory / "model.pkl", self.directory / "old.pkl"
        path.write_bytes(pickle.dumps(value, 5))
        report = brine.convert(path, out, protocol=2)
        self.assertEqual((report.pickles, report.protocol), (1, 5))
        self.assertEqual((report.payload_bytes, report.written_bytes),
                         (path.stat().st_size, out.stat().st_size))
        self.assertEqual(out.read_bytes()[:2], b"\x80\x02")
        loaded = pickle.loads(out.read_bytes())
        np.testing.assert_array_equal(loaded.pop("weights"), value.pop("weights"))
        self.assertEqual(loaded, value)

    def test_nothing_of_it_is_executed(self):
        class Shell:
            def __reduce__(self):
                return exec, ("raise SystemExit",)

        path, out = self.directory / "shell.pkl", self.directory / "out.pkl"
        path.write_bytes(pickle.dumps(Shell(), 2))
        brine.convert(path, out, protocol=5)
        self.assertEqual(brine.scan(out).verdict, "dangerous")

    def test_what_cannot_be_converted_names_the_file_and_the_next_command(self):
        path, out = self.directory / "buffers.pkl", self.directory / "out.pkl"
        path.write_bytes(pickle.dumps(pickle.PickleBuffer(b"ab"), 5,
                                      buffer_callback=lambda buffer: False))
        with self.assertRaises(brine.UnsupportedError) as raised:
            brine.convert(path, out, protocol=4)
        self.assertIn("buffers.pkl", str(raised.exception))
        self.assertEqual(raised.exception.hint, f"brine convert --protocol 5 {path}")
        for protocol in (-1, 0, 1, 6, 9):
            with self.assertRaises(brine.UsageError) as raised:
                brine.convert(path, out, protocol=protocol)
            self.assertIn(f"protocol {protocol} is not one of 2 to 5", str(raised.exception))
            self.assertEqual(raised.exception.hint, f"brine convert --protocol 5 {path}")
        with self.assertRaises(brine.NotFoundError):
            brine.convert(self.directory / "nowhere", out, protocol=2)
        self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
