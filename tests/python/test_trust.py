"""What may be unpickled: what was saved here, and what passes the policy."""
import collections
import io
import operator
import pickle
import queue
import unittest

import brine
import numpy as np
import samples
from brine.pickling import unpickle
from support import StoreCase


class Trust(StoreCase):
    def import_file(self, content, line="file"):
        path = self.directory / f"{line}.pkl"
        path.write_bytes(content)
        return self.store.save_file(path, line)

    def test_a_file_of_allowed_symbols_loads(self):
        obj = {"w": np.arange(9), "c": collections.OrderedDict(a=1)}
        for protocol in range(6):
            saved = self.import_file(pickle.dumps(obj, protocol))
            self.assertEqual((saved.origin, saved.verdict), ("file", "safe"))
            np.testing.assert_array_equal(self.store.load(saved)["w"], obj["w"])

    def test_an_unknown_file_names_what_needs_trust(self):
        saved = self.import_file(pickle.dumps([samples.Point(1, 2), samples.Slotted(3)]))
        with self.assert_raises(brine.UnsafePickleError, "samples:Point", "trusted=") as caught:
            self.store.load(saved)
        offending = caught.exception.offending
        self.assertEqual(sorted(offending), ["samples:Point", "samples:Slotted"])
        for trusted in (offending, ["samples"], list(map(brine.Symbol._make, (
                ("samples", "Point"), ("samples", "Slotted"))))):
            self.assertEqual(self.store.load(saved, trusted=trusted)[0], samples.Point(1, 2))
        with self.assert_raises(brine.UnsafePickleError, "samples:Slotted") as caught:
            self.store.load(saved, trusted=["samples:Point"])
        self.assertEqual(caught.exception.offending, ["samples:Slotted"])

    def test_names_of_python_2_are_accused_in_full(self):
        saved = self.import_file(b"cQueue\nQueue\n.")
        with self.assertRaises(brine.UnsafePickleError) as caught:
            self.store.load(saved)
        offending = caught.exception.offending
        self.assertIn("Queue:Queue", offending)
        self.assertIs(self.store.load(saved, trusted=offending), queue.Queue)

    def test_a_scan_says_what_to_trust(self):
        path = self.directory / "file.pkl"
        path.write_bytes(pickle.dumps([samples.Point(1, 2)]) + b"\x80\x02\x82\x07.")
        found = [finding.symbol for finding in brine.scan(path).findings]
        self.assertEqual(found, [brine.Symbol("samples", "Point"), None])
        left = brine.scan(path, trusted=filter(None, found)).findings
        self.assertEqual([finding.symbol for finding in left], [None])

    def test_a_dangerous_file_is_refused_and_runs_nothing(self):
        victim = self.directory / "victim"
        saved = self.import_file(pickle.dumps(samples.RunsCode(str(victim))))
        self.assertEqual(saved.verdict, "dangerous")
        for trusted in ((), ["os"], ["posix"]):
            with self.assert_raises(brine.UnsafePickleError, "posix:mkdir") as caught:
                self.store.load(saved, trusted=trusted)
            self.assertEqual(caught.exception.offending, ["posix:mkdir"])
        self.assertFalse(victim.exists())

    def test_an_object_that_was_saved_here_loads_by_its_recorded_symbols(self):
        saved = self.store.save([samples.Point(1, 2)], "run")
        self.assertEqual(saved.verdict, "unknown")
        self.assertEqual(self.store.load(saved), [samples.Point(1, 2)])

    def test_an_object_that_reaches_for_code_is_warned_about_and_wants_trust(self):
        for obj in ([operator.itemgetter(1)], [samples.Point(3, 4).norm]):
            with self.assertWarnsRegex(brine.PortabilityWarning, "trusted=") as caught:
                saved = self.store.save(obj, "run")
            self.assertEqual(caught.filename, __file__)
            with self.assert_raises(brine.UnsafePickleError, "trusted=") as caught:
                self.store.load(saved)
            offending = caught.exception.offending
            self.assertEqual(len(offending), 1)
            self.assertEqual(type(self.store.load(saved, trusted=offending)[0]), type(obj[0]))

    def test_an_attribute_that_is_written_out_wants_no_trust_of_its_own(self):
        content = pickle.dumps([samples.Mixed.PAIR])
        self.assertIn(b"getattr", content)
        saved = self.store.save([samples.Mixed.PAIR], "run")
        self.assertEqual(saved.verdict, "unknown")
        self.assertEqual(self.store.load(saved), [samples.Mixed.PAIR])

    def test_what_the_scan_did_not_see_is_not_imported(self):
        report = self.store.fetch(self.store.save([1], "run")).report
        with self.assert_raises(brine.UnsafePickleError, "samples:Point") as caught:
            unpickle(pickle.dumps(samples.Point(1, 2)), report, "ASCII")
        self.assertEqual(caught.exception.offending, ["samples:Point"])

    def test_other_formats_are_left_to_their_loaders(self):
        import joblib

        array = np.arange(1000.0)
        joblib.dump({"w": array}, self.directory / "model.joblib")
        np.savez(self.directory / "arrays.npz", w=array)
        (self.directory / "two.pkl").write_bytes(pickle.dumps(1) + pickle.dumps(2))
        for name in ("model.joblib", "arrays.npz", "two.pkl"):
            with self.subTest(name):
                saved = self.store.save_file(self.directory / name, "file")
                with self.assert_raises(brine.UnsupportedError, "load_file"):
                    self.store.load(saved)
                self.store.load_file(saved, self.directory / "again")
                self.assertEqual((self.directory / "again").read_bytes(),
                                 (self.directory / name).read_bytes())

    def test_text_of_python_2_takes_an_encoding(self):
        saved = self.import_file(b"S'caf\\xe9'\n.")
        self.assertRaises(UnicodeDecodeError, self.store.load, saved)
        self.assertEqual(self.store.load(saved, encoding="latin1"), "caf\u00e9")

    def test_scan_reports_without_a_store(self):
        path = self.directory / "file.pkl"
        path.write_bytes(pickle.dumps(samples.Point(1, 2)))
        report = brine.scan(path)
        self.assertEqual((report.format, report.verdict, report.complete),
                         ("pickle", "unknown", True))
        self.assertEqual(report.symbols[brine.Symbol("samples", "Point")], 1)
        self.assertIn("samples:Point", report.findings[0].reason)
        self.assertEqual(brine.scan(path, trusted=["samples"]).verdict, "safe")

    def test_scan_is_told_what_extension_codes_stand_for(self):
        path = self.directory / "file.pkl"
        path.write_bytes(b"\x80\x02\x82\x07.")
        self.assertEqual(brine.scan(path).verdict, "unknown")
        self.assertEqual(brine.scan(path, extensions=["7=builtins:dict"]).verdict, "safe")
        self.assertEqual(brine.scan(path, extensions=["7=os:system"]).verdict, "dangerous")
        with self.assertRaisesRegex(brine.UsageError, "extension 'x'"):
            brine.scan(path, extensions=["x"])

    def test_a_broken_file_is_saved_only_as_it_is(self):
        path = self.directory / "half.pkl"
        path.write_bytes(pickle.dumps(list(range(1000)))[:-100])
        with self.assertRaises(brine.IntegrityError):
            self.store.save_file(path, "file")
        self.assertEqual(self.store.log(), [])
        saved = self.store.save_file(path, "file", as_is=True)
        self.assertRaises(brine.BrineError, self.store.load, saved)

    def test_plain_packs_are_streams_of_the_payload(self):
        import gzip

        payload = io.BytesIO()
        pickle.dump(samples.ARRAYS["matrix over a frame"], payload)
        (self.directory / "file.pkl").write_bytes(payload.getvalue())
        saved = self.store.save_file(self.directory / "file.pkl", "file", codec="gzip", plain=True)
        pack = self.directory / "store" / self.store.show(saved).pack
        self.assertEqual(gzip.decompress(pack.read_bytes()), payload.getvalue())


if __name__ == "__main__":
    unittest.main()
