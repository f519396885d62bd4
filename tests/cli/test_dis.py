"""brine dis beside python3 -m pickletools."""
import bz2
import gzip
import io
import json
import lzma
import pickle
import pickletools
import subprocess
import sys
import unittest
import zipfile

from support import BRINE, CommandTest, clean_environment

VALUE = {"epoch": 3, "weights": [0.5, -1e-7], "name": "it's", "data": b"z" * 70_000,
         "caf\u00e9": True}


def listing(payload, offset=0):
    out, stream = io.StringIO(), io.BytesIO(payload)
    stream.seek(offset)
    pickletools.dis(stream, out)
    return out.getvalue()


def npy_header(descr):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


class DisTest(CommandTest):
    without_store = True

    def test_the_listing_is_that_of_pickletools(self):
        for protocol in range(6):
            path = self.file("model.pkl", pickle.dumps(VALUE, protocol))
            theirs = subprocess.run([sys.executable, "-m", "pickletools", path], check=True,
                                    capture_output=True, env=clean_environment(PYTHONUTF8="1"))
            self.assertEqual(self.ok("dis", path), theirs.stdout.decode())

    def test_standard_input_and_compressed_files_are_read(self):
        payload = pickle.dumps(VALUE)
        self.assertEqual(self.ok("dis", "-", stdin=payload), listing(payload))
        self.assertEqual(self.ok("dis", "-", stdin=gzip.compress(payload)), listing(payload))
        for name, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
            self.assertEqual(self.ok("dis", self.file(f"m.{name}", pack(payload))),
                             listing(payload))
        packed = subprocess.run(["zstd", "-c"], input=payload, capture_output=True, check=True)
        self.assertEqual(self.ok("dis", self.file("m.zst", packed.stdout)), listing(payload))

    def test_all_lists_the_pickles_that_follow_one_another(self):
        first, second = pickle.dumps(1, 4), pickle.dumps("two", 0)
        path = self.file("two.pkl", first + b"\n" + second + b"\n")
        self.assertEqual(self.ok("dis", path), listing(first))
        offset = len(first) + 1
        self.assertEqual(self.ok("dis", "--all", path),
                         f"==> {path}: byte 0 <==\n" + listing(first) +
                         f"==> {path}: byte {offset} <==\n" +
                         listing(first + b"\n" + second, offset))

    def test_all_lists_the_pickles_of_a_zip(self):
        path, payload = self.path / "model.pt", pickle.dumps({"w": 1}, 2)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model/data.pkl", payload)
            archive.writestr("model/data/0", b"\x80raw numbers")
            archive.writestr("model/other", payload)
            archive.writestr("model/version", b"3\n")
            archive.writestr("model/packed.pkl", payload, zipfile.ZIP_DEFLATED)
        self.assertEqual(self.ok("dis", path, "--all"),
                         f"==> {path} model/data.pkl: byte 0 <==\n" + listing(payload) +
                         f"==> {path} model/other: byte 0 <==\n" + listing(payload) +
                         f"==> {path} model/packed.pkl: byte 0 <==\n" + listing(payload))
        self.fails(12, "is no pickle but zip", "dis", path, hint=f"brine dis {path} --all")

    def test_all_lists_the_objects_of_an_array(self):
        front = npy_header("|O")
        payload = front + pickle.dumps([None])
        path = self.file("objects.npy", payload)
        self.assertEqual(self.ok("dis", "--all", path),
                         f"==> {path}: byte {len(front)} <==\n" + listing(payload, len(front)))
        self.fails(12, "is no pickle but npy", "dis", path, hint=f"brine dis {path} --all")

    def test_a_container_without_a_pickle_is_no_success(self):
        path = self.file("numbers.npy", npy_header("|u1") + b"x")
        self.fails(12, "holds no pickle", "dis", "--all", path, hint=f"brine scan {path}")

    def test_a_pickle_that_ends_early_is_listed_up_to_there(self):
        payload = pickle.dumps(VALUE)
        path = self.file("cut.pkl", payload[:60])
        done = self.run_brine("dis", path)
        self.assertEqual(done.returncode, 12)
        self.assertTrue(done.stdout)
        self.assertTrue(listing(payload).startswith(done.stdout.decode()))
        self.check_sentence(done.stderr.decode(), "the listing ends at byte", f"brine scan {path}")

    def test_what_cannot_be_listed_is_said(self):
        self.fails(12, "it is empty", "dis", self.file("empty", b""))
        self.fails(12, "is no pickle but tar", "dis", self.file("a.tar",
                   bytes(257) + b"ustar\x0000"),
                   hint=f"brine dis {self.path / 'a.tar'} --all")
        self.fails(12, "m.gz", "dis", self.file("m.gz", gzip.compress(b"N.")[:-3]),
                   hint="brine scan")
        for name, content in (("cut.pt", b"PK\x03\x04" + bytes(99)),
                              ("cut.tar", bytes(257) + b"ustar\x0000" + bytes(99))):
            path = self.file(name, content)
            self.fails(12, f"{path}: the ", "dis", path, "--all", hint=f"brine scan {path}")
        self.fails(3, "nowhere.pkl", "dis", self.path / "nowhere.pkl")
        self.fails(2, "FILE is missing", "dis", hint="brine help dis")

    def test_an_integer_that_python_does_not_print_is_over_a_limit(self):
        path = self.file("large.pkl", pickle.dumps(10 ** 4300))
        done = self.run_brine("dis", path)
        self.assertEqual(done.returncode, 15)
        self.assertIn(b"max_str_digits", done.stderr)

    def test_a_joblib_file_is_known_when_its_arrays_come(self):
        payload = b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81\xffraw"
        done = self.run_brine("dis", self.file("model.joblib", payload))
        self.assertEqual(done.returncode, 12)
        self.assertIn(b"joblib puts arrays between opcodes", done.stderr)

    def test_the_document_stands_in_place_of_the_listing(self):
        payload = pickle.dumps([1], 4)
        done = self.run_brine("dis", self.file("a.pkl", payload), "--json")
        self.assertEqual(done.stderr, b"")
        self.assertEqual(json.loads(done.stdout), {
            "schema": "brine.dis/1", "file": str(self.path / "a.pkl"), "pickles": 1,
            "opcodes": len(list(pickletools.genops(payload))), "protocol": 4, "end": len(payload)})
        done = self.run_brine("dis", self.file("bad.pkl", b"N"), "--json")
        self.assertEqual(json.loads(done.stdout)["schema"], "brine.error/1")
        self.assertEqual(done.returncode, 12)

    def test_a_reader_that_goes_away_ends_it_quietly(self):
        path = self.file("long.pkl", pickle.dumps(list(range(300_000))))
        with subprocess.Popen([BRINE, "dis", path], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
            self.assertEqual(process.wait(), 141)


if __name__ == "__main__":
    unittest.main()
