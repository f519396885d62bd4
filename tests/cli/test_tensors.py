"""brine show --tensors, against what numpy and scikit-learn themselves say."""
import io
import pickle
import re
import struct
import unittest
import zipfile

from support import SAFE, SNAPSHOT_KEYS, CommandTest

try:
    import numpy
except ImportError:
    numpy = None
try:
    import joblib
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
except ImportError:
    RandomForestClassifier = None


def state_of(value) -> dict:
    """What a pickle holds: Cython objects show other attributes than their state."""
    if isinstance(value, dict):
        return value
    return value.__getstate__() if hasattr(value, "__getstate__") else vars(value)


def at_path(value, path: str):
    """What Python finds at a path whose names hold no dots or brackets."""
    for part in re.findall(r"\w+|\[\d+(?:,\d+)*\]|\(\)", path):
        if part == "()":
            value = value.__reduce__()[1]
        elif part[0] != "[":
            value = state_of(value)[part]
        elif isinstance(value, numpy.ndarray):
            value = value[tuple(int(each) for each in part[1:-1].split(","))]
        else:
            value = value[int(part[1:-1])]
    return value


class TensorsTestCase(CommandTest):
    def tensors(self, content: bytes) -> dict:
        self.save("run", content)
        document = self.document("show", "run", "--tensors")
        for tensor in document["tensors"]:
            self.assertEqual(set(tensor), {"path", "dtype", "shape", "offset", "bytes", "shares",
                                           "shared_bytes"})
        return {tensor["path"]: tensor for tensor in document["tensors"]}

    def check(self, tensor: dict, array, content: bytes):
        array = numpy.asarray(array)
        raw = array.tobytes("F" if array.flags.f_contiguous else "C")
        self.assertEqual(tensor["shape"], list(array.shape), tensor)
        self.assertEqual(tensor["bytes"], array.nbytes, tensor)
        if array.dtype.names is None:
            self.assertEqual(tensor["dtype"], array.dtype.name, tensor)
        begin = tensor["offset"]
        self.assertEqual(content[begin:begin + tensor["bytes"]], raw, tensor)

    def check_all(self, value, content: bytes) -> dict:
        tensors = self.tensors(content)
        for path, tensor in tensors.items():
            self.check(tensor, at_path(value, path), content)
        return tensors


class ShowTensorsTest(TensorsTestCase):
    def test_without_the_option_the_document_has_no_tensors(self):
        self.save("run", SAFE)
        self.assertNotIn("tensors", self.document("show", "run"))
        document = self.document("show", "run", "--tensors")
        self.assertEqual(document["tensors"], [])
        self.assertLess(SNAPSHOT_KEYS, set(document))
        self.assertEqual(self.ok("show", "run", "--tensors"), "no tensors\n")

    def test_what_has_no_tensors_and_what_is_damaged(self):
        self.save("run", b"PK\5\6" + bytes(18), "--as-is")
        self.assertEqual(self.ok("show", "run", "--tensors"), "no tensors\n")
        tar = self.file("old.tar", b"a" * 257 + b"ustar" + bytes(300))
        self.fails(12, "a number that is none", "show", tar, "--tensors")
        self.fails(12, "no opcode", "show", self.file("text", b"Hello"), "--tensors",
                   hint="brine scan")

    def test_damage_is_told(self):
        self.save("run", SAFE)
        self.damage(self.pack_of("run"))
        self.fails(12, "packs/", "show", "run", "--tensors")


def torch_tensor(key, dtype, size, stride, first=0, count=None):
    """What torch.save writes for a tensor; the names are of torch, nothing of it is needed."""
    count = count if count is not None else 6
    storage = (b"(X\x07\0\0\0storagectorch\n" + dtype + b"\nX" +
               struct.pack("<I", len(key)) + key + b"X\x03\0\0\0cpuK" + bytes([count]) + b"tQ")
    extents = [b"(" + b"".join(b"K" + bytes([each]) for each in row) + b"t"
               for row in (size, stride)]
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K" + bytes([first]) +
            b"".join(extents) + b"\x89}tR")


def state_dict(*items):
    body = b"".join(b"X" + struct.pack("<I", len(name)) + name + value for name, value in items)
    return b"\x80\x02}(" + body + b"u."


class TorchTest(TensorsTestCase):
    def zip_of(self, pickled, **storages):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            file.writestr("archive/data.pkl", pickled)
            for key, content in storages.items():
                file.writestr(f"archive/data/{key[1:]}", content)
            file.writestr("archive/version", "3\n")
        return out.getvalue()

    def test_a_torch_zip_is_listed_with_the_places_of_its_elements(self):
        values = struct.pack("<6f", *range(6))
        halves = struct.pack("<6e", *range(6))
        content = self.zip_of(state_dict(
            (b"net.weight", torch_tensor(b"0", b"FloatStorage", (2, 3), (3, 1))),
            (b"net.row", torch_tensor(b"0", b"FloatStorage", (3,), (1,), first=3)),
            (b"net.turned", torch_tensor(b"0", b"FloatStorage", (3, 2), (1, 3))),
            (b"half", torch_tensor(b"1", b"HalfStorage", (6,), (1,))),
            (b"beyond", torch_tensor(b"1", b"HalfStorage", (7,), (1,)))), _0=values, _1=halves)
        file = self.file("model.pt", content)
        self.ok("save", "run", file)
        of_file = self.document("show", file, "--tensors")
        self.assertEqual((of_file["schema"], of_file["file"]), ("brine.show/1", str(file)))
        tensors = {each["path"]: each for each in of_file["tensors"]}
        self.assertEqual(self.document("show", "run", "--tensors")["tensors"], of_file["tensors"])
        self.assertEqual(set(tensors), {"net.weight", "net.row", "net.turned", "half",
                                        "beyond()[0]"})
        self.assertEqual((tensors["net.row"]["shares"], tensors["net.row"]["shared_bytes"]),
                         ("net.weight", 12))
        whole = tensors["net.weight"]
        self.assertEqual((whole["dtype"], whole["shape"], whole["bytes"]), ("float32", [2, 3], 24))
        self.assertEqual(content[whole["offset"]:][:24], values)
        self.assertEqual(content[tensors["net.row"]["offset"]:][:12], values[12:])
        self.assertIsNone(tensors["net.turned"]["offset"])
        self.assertEqual(content[tensors["half"]["offset"]:][:12], halves)
        self.assertEqual(tensors["half"]["dtype"], "float16")

    def test_a_legacy_file_is_listed_with_the_places_of_its_elements(self):
        values = struct.pack("<6q", *range(6))
        magic = bytes.fromhex("80028a0a6cfc9c46f920 6aa850192e".replace(" ", ""))
        content = (magic + b"\x80\x02M\xe9\x03." + b"\x80\x02}." +
                   state_dict((b"step", torch_tensor(b"7", b"LongStorage", (6,), (1,)))) +
                   b"\x80\x02](X\x01\0\0\x007e." + struct.pack("<q", 6) + values)
        tensor, = self.document("show", self.file("old.pt", content), "--tensors")["tensors"]
        self.assertEqual((tensor["path"], tensor["dtype"], tensor["shape"]), ("step", "int64", [6]))
        self.assertEqual(content[tensor["offset"]:][:48], values)
        cut = self.file("cut.pt", content[:-1])
        self.fails(12, "storage 7 is truncated", "show", cut, "--tensors")

    def test_arrays_of_npy_and_npz_are_listed(self):
        header = b"{'descr': '>i4', 'fortran_order': False, 'shape': (2, 2), }"
        header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
        npy = (b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header +
               struct.pack(">4i", *range(4)))
        tensor, = self.document("show", self.file("a.npy", npy), "--tensors")["tensors"]
        self.assertEqual((tensor["path"], tensor["dtype"], tensor["shape"], tensor["bytes"]),
                         ("", "int32, big-endian", [2, 2], 16))
        self.assertEqual(npy[tensor["offset"]:], struct.pack(">4i", *range(4)))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            file.writestr("weights.npy", npy)
        tensor, = self.document("show", self.file("a.npz", out.getvalue()), "--tensors")["tensors"]
        self.assertEqual(tensor["path"], "weights")
        self.assertEqual(out.getvalue()[tensor["offset"]:][:16], npy[-16:])

    def test_a_file_needs_no_store_and_a_line_comes_before_a_file(self):
        self.save("run", SAFE)
        self.file("run", state_dict((b"w", torch_tensor(b"0", b"FloatStorage", (1,), (1,)))))
        self.assertNotIn("file", self.document("show", "run", "--tensors"))
        self.assertIn("float32", self.ok("show", "./run", "--tensors"))
        self.fails(3, "no line", "show", "nowhere", "--tensors")


@unittest.skipIf(numpy is None, "numpy is not installed")
class NumpyTest(TensorsTestCase):
    def setUp(self):
        super().setUp()
        numbers = numpy.random.default_rng(5)
        shared = numbers.random((40, 50))
        self.value = {
            "weights": {"dense": shared, "bias": numpy.arange(7, dtype="int16")},
            "history": [numpy.float32(2.5), (numpy.ones((3, 4, 5), bool), "text")],
            "by_step": {100: numpy.asfortranarray(numbers.random((6, 5))), "same": shared},
            "words": numpy.array(["salt", "water"]),
            "times": numpy.array(["2026-01-01"], "datetime64[s]"),
            "rows": numpy.zeros(5, [("left", "i8"), ("cut", "f8")]),
            "empty": numpy.zeros((0, 3)),
            "large": numbers.integers(0, 255, 9_000_000, dtype="uint8"),
            "objects": numpy.array([None, {"inner": numpy.arange(3)}], dtype=object),
        }

    def test_every_array_is_where_the_inventory_says(self):
        for protocol in (3, 4, 5):
            content = pickle.dumps(self.value, protocol)
            tensors = self.tensors(content)
            self.assertEqual(list(tensors), [
                "weights.dense", "weights.bias", "history[0]", "history[1][0]", "by_step[100]",
                "by_step.same", "words", "times", "rows", "empty", "large", "objects",
                "objects[1].inner"])
            self.assertEqual(tensors["rows"]["dtype"], "{left: int64, cut: float64}")
            self.assertEqual(tensors["by_step.same"],
                             tensors["weights.dense"] | {"path": "by_step.same", "shares":
                                                         "weights.dense", "shared_bytes": 16_000})
            self.check(tensors["large"], self.value["large"], content)
            self.check(tensors["weights.dense"], self.value["weights"]["dense"], content)
            self.check(tensors["weights.bias"], self.value["weights"]["bias"], content)
            self.check(tensors["history[0]"], self.value["history"][0], content)
            self.check(tensors["by_step[100]"], self.value["by_step"][100], content)
            self.check(tensors["objects[1].inner"], numpy.arange(3), content)

    def test_protocol_2_spells_bytes_as_text(self):
        tensors = self.tensors(pickle.dumps(self.value, 2))
        self.assertEqual(len(tensors), 13)
        self.assertEqual({tensor["offset"] for tensor in tensors.values()}, {None})
        self.assertEqual(tensors["large"]["bytes"], 9_000_000)

    def test_statistics_of_protocol_2_are_those_of_later_ones(self):
        told = []
        for protocol in (2, 5):
            self.save("run", pickle.dumps(self.value, protocol))
            tensors = self.document("show", "run", "--statistics")["tensors"]
            told.append([(each["path"], each.get("statistics"), each.get("unmeasured"))
                         for each in tensors])
        self.assertEqual(told[0], told[1])
        words = {path: why for path, _, why in told[0] if why}
        self.assertEqual(words, {"words": "text", "times": "times", "rows": "fields",
                                 "objects": "objects"})
        least = dict((path, each) for path, each, _ in told[0])["weights.bias"]
        self.assertEqual(least, {"min": 0, "max": 6, "nans": 0, "infinities": 0, "zeros": 1,
                                 "raw": False})

    def test_compressed_members_are_measured(self):
        out = io.BytesIO()
        numpy.savez_compressed(out, w=numpy.arange(-3.0, 700_000.0), t=numpy.array(["x"]))
        path = self.file("arrays.npz", out.getvalue())
        w, t = self.document("show", path, "--statistics")["tensors"]
        self.assertIsNone(w["offset"])
        self.assertEqual((w["statistics"]["min"], w["statistics"]["max"]), (-3, 699_999))
        self.assertEqual(w["statistics"]["zeros"], 1)
        self.assertEqual(t["unmeasured"], "text")
        self.assertIn(" text ", self.ok("show", path, "--statistics"))

    def test_scalars_times_masks_and_records_are_listed(self):
        rows = numpy.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8", (2,))])
        value = {"scalar": numpy.float32(1), "rows": rows,
                 "masked": numpy.ma.masked_array([1.0, 2.0], [False, True]),
                 "wait": numpy.array([3], "m8[25us]")}
        for protocol in (2, 5):
            path = self.file("odd.pkl", pickle.dumps(value, protocol))
            tensors = {each["path"]: (each["dtype"], each["shape"])
                       for each in self.document("show", path, "--tensors")["tensors"]}
            self.assertEqual(tensors, {
                "scalar": ("float32", []), "rows": ("{a: int32, b: float64[2]}", [1]),
                "masked.data": ("float64", [2]), "masked.mask": ("bool", [2]),
                "wait": ("timedelta64[25us]", [1])})
            self.assertEqual(self.ok("show", path, "--tensors").splitlines()[1].split()[1], "()")

    def test_big_endian_is_told(self):
        for protocol in (2, 3, 4, 5):
            tensors = self.tensors(pickle.dumps(numpy.arange(3, dtype=">f8"), protocol))
            self.assertEqual(tensors[""]["dtype"], "float64, big-endian")

    def test_of_several_pickles_the_path_begins_with_their_number(self):
        content = pickle.dumps(numpy.arange(3)) + b"\n" + pickle.dumps({"w": numpy.arange(4)})
        tensors = self.tensors(content)
        self.assertEqual(list(tensors), ["[0]", "[1].w"])
        self.check(tensors["[1].w"], numpy.arange(4), content)

    def test_the_table_lines_up(self):
        self.save("run", pickle.dumps(self.value))
        lines = self.ok("show", "run", "--tensors").splitlines()
        self.assertEqual(lines[0].split(), ["DTYPE", "SHAPE", "OFFSET", "BYTES", "PATH", "SHARES"])
        self.assertEqual(lines.pop(), "13 tensors, 8.60 MiB; 15.6 KiB more are shared")
        self.assertEqual(len(lines), 14)
        column = lines[0].index("PATH")
        for line in lines:
            self.assertEqual(line[column - 1], " ")
        self.assertEqual(lines[1].split()[:2], ["float64", "40x50"])
        self.assertEqual(lines[1][column:], "weights.dense")

    def test_names_from_a_pickle_cannot_drive_the_terminal(self):
        self.save("run", pickle.dumps({"w\x1b[31m": numpy.arange(3)}))
        for words in ([], ["--json"]):
            self.assertNotIn("\x1b", self.ok("show", "run", "--tensors", *words))


@unittest.skipIf(numpy is None or RandomForestClassifier is None, "scikit-learn is not installed")
class ForestTest(TensorsTestCase):
    def setUp(self):
        super().setUp()
        numbers = numpy.random.default_rng(5)
        self.inputs = numbers.random((200, 5))
        self.labels = numbers.integers(0, 3, 200)

    def test_every_array_of_a_forest_is_found(self):
        forest = RandomForestClassifier(8, random_state=1).fit(self.inputs, self.labels)
        for protocol in (4, 5):
            tensors = self.check_all(forest, pickle.dumps(forest, protocol))
            for i, tree in enumerate(forest.estimators_):
                nodes = tensors[f"estimators_[{i}].tree_.nodes"]
                self.assertEqual(nodes["shape"], [tree.tree_.node_count])
                self.assertIn("left_child: int64", nodes["dtype"])
                self.assertIn(f"estimators_[{i}].tree_.values", tensors)

    def test_every_array_of_boosted_trees_is_found(self):
        boosted = GradientBoostingClassifier(n_estimators=4).fit(self.inputs, self.labels)
        tensors = self.tensors(pickle.dumps(boosted, 5))
        self.assertIn("estimators_[3,2].tree_.values", tensors)
        out = io.BytesIO()
        joblib.dump(boosted, out)
        beside = self.tensors(out.getvalue())
        self.assertIn("estimators_[3,2].tree_.values", beside)
        for path, tensor in beside.items():
            if tensor["offset"] is not None and path.startswith("estimators_"):
                self.check(tensor, at_path(boosted, path), out.getvalue())

    def test_structured_arrays_are_spelled_alike_and_cut_ones_are_errors(self):
        for dtype in ([("a", "<i4"), ("b", "<f8")], [("a", [("x", "<i4")]), ("b", ">f8", (2, 2))],
                      numpy.dtype([("a", "i1"), ("b", "<f8")], align=True)):
            array = numpy.zeros(3, dtype)
            out = io.BytesIO()
            numpy.save(out, array)
            told = self.tensors(out.getvalue())[""]
            again = self.tensors(pickle.dumps(array))[""]
            self.assertEqual(told["dtype"], again["dtype"])
            self.check(told, array, out.getvalue())
            cut = self.file("cut.npy", out.getvalue()[:-1])
            done = self.run_brine("show", cut, "--tensors")
            self.assertEqual(done.returncode, 12)
            self.assertIn(b"the array is truncated", done.stderr)


if __name__ == "__main__":
    unittest.main()
