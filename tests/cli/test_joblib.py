"""Files that joblib itself writes: scanned, listed, kept and given back, at every compression."""
import io
import struct
import unittest

from support import CommandTest

try:
    import joblib
    import numpy
except ImportError:
    joblib = None


@unittest.skipIf(joblib is None, "joblib is not installed")
class JoblibTest(CommandTest):
    def setUp(self):
        super().setUp()
        numbers = numpy.random.default_rng(3)
        self.value = {
            "dense": numbers.random((30, 20)),
            "turned": numpy.asfortranarray(numbers.random((6, 5)).astype("float32")),
            "rows": numpy.array([(1, 2.5), (3, 4.5)], [("left", "i4"), ("right", "f8")]),
            "big": numpy.arange(9, dtype=">i2"),
            "names": numpy.array(["a", None, 3], object),
            "empty": numpy.zeros((0, 4)),
            "layers": [numpy.arange(n, dtype="uint8") for n in (1, 17, 4000)],
            "step": 12,
        }

    def dump(self, name, **options):
        path = self.path / name
        joblib.dump(self.value, path, **options)
        return path

    def tensors(self, *words):
        listed = self.document("show", *words, "--tensors")["tensors"]
        return {each["path"]: each for each in listed}

    def test_every_array_is_listed_where_its_elements_stand(self):
        for protocol in (2, 3, 4, 5):
            with self.subTest(protocol):
                path = self.dump(f"model{protocol}.joblib", protocol=protocol)
                content = path.read_bytes()
                tensors = self.tensors(path)
                arrays = {name: array for name, array in self.value.items()
                          if isinstance(array, numpy.ndarray) and name != "names"}
                arrays |= {f"layers[{i}]": array for i, array in enumerate(self.value["layers"])}
                self.assertEqual(set(tensors), {*arrays, "names"})
                for name, array in arrays.items():
                    order = "F" if name == "turned" else "C"
                    tensor = tensors[name]
                    self.assertEqual(tuple(tensor["shape"]), array.shape, name)
                    self.assertEqual(content[tensor["offset"]:][:tensor["bytes"]],
                                     array.tobytes(order), name)
                self.assertEqual(tensors["big"]["dtype"], "int16, big-endian")
                self.assertEqual(tensors["rows"]["dtype"], "{left: int32, right: float64}")
                self.assertEqual(tensors["names"]["dtype"], "object")
                self.assertEqual(tensors["names"]["shape"], [3])
                self.assertIsNone(tensors["names"]["offset"])  # a pickle, no elements in a row

    def test_a_scan_reads_to_the_end(self):
        report = self.document("scan", self.dump("model.joblib"))
        self.assertEqual((report["format"], report["complete"]), ("joblib", True))
        self.assertEqual(report["pickles"], 2)  # itself, and the array of objects
        self.assertEqual(report["verdict"], "safe")
        # A dtype that numpy would take at its word.
        self.value["rows"] = numpy.array([(1, None)], [("left", "<i4"), ("right", object)])
        report = self.document("scan", self.dump("objects.joblib"), code=1)
        self.assertEqual(report["verdict"], "unknown")

    def test_a_compressed_file_is_looked_into(self):
        del self.value["rows"]
        for codec in ("gzip", "bz2", "xz", "lzma", "zlib"):
            with self.subTest(codec):
                path = self.dump(f"model.joblib.{codec}", compress=(codec, 3))
                report = self.document("scan", path)
                self.assertEqual(report["verdict"], "safe")
                self.assertIn("NumpyArrayWrapper", [each["name"] for each in report["symbols"]])
                self.assertEqual(set(self.tensors(path)), set(self.tensors(self.dump("plain"))))

    def test_what_hides_behind_an_array_is_found(self):
        class Shell:
            def __reduce__(self):
                import os
                return os.getpid, ()

        self.value = {"array": numpy.arange(50), "then": Shell()}
        for options in ({}, {"compress": ("gzip", 3)}):
            report = self.document("scan", self.dump("bad.joblib", **options), code=1)
            self.assertEqual(report["verdict"], "dangerous", options)
            self.assertIn("getpid", [each["name"] for each in report["symbols"]])
        self.value = {"array": numpy.array([Shell()], object)}
        report = self.document("scan", self.dump("inside.joblib"), code=1)
        self.assertEqual(report["verdict"], "dangerous")

    def test_elements_that_look_like_opcodes_are_elements(self):
        opcodes = b"cposix\ngetpid\n(tR."
        self.value = numpy.frombuffer(opcodes + bytes(64 - len(opcodes)), "uint8")
        # Here pickle.load stops at the padding; without one the scan judges them as it would run
        # them, see joblib_is_judged_as_a_plain_pickle_too.
        report = self.document("scan", self.dump("array.joblib"))
        self.assertIn(opcodes, (self.path / "array.joblib").read_bytes())
        self.assertEqual((report["format"], report["complete"]), ("joblib", True))
        self.assertNotIn("getpid", [each["name"] for each in report["symbols"]])

    def test_it_comes_back_byte_for_byte_and_a_cut_one_is_refused(self):
        path = self.dump("model.joblib")
        content = path.read_bytes()
        self.ok("save", "run", path)
        self.ok("load", "run", "-o", "back.joblib")
        self.assertEqual((self.path / "back.joblib").read_bytes(), content)
        self.assertEqual(self.tensors("run"), self.tensors(path))
        for kept in (len(content) - 1, len(content) // 2):
            cut = self.file("cut.joblib", content[:kept])
            self.fails(12, "joblib", "save", "run", cut, hint="--as-is")
        self.ok("save", "run", self.path / "cut.joblib", "--as-is")

    def test_a_wrapper_of_absurd_size_is_no_crash(self):
        out = io.BytesIO()
        joblib.dump(numpy.arange(3, dtype="u1"), out)
        huge = struct.pack("<q", 2**62)
        content = out.getvalue().replace(b"K\x03\x85", b"\x8a\x08" + huge + b"\x85", 1)
        self.assertNotEqual(content, out.getvalue())
        report = self.document("scan", self.file("huge.joblib", content), code=1)
        self.assertFalse(report["complete"])


if __name__ == "__main__":
    unittest.main()
