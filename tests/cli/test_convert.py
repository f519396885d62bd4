"""brine convert: pickles in another protocol."""
import gzip
import json
import pickle
import pickletools
import unittest
import zipfile

from support import DANGEROUS, CommandTest

VALUE = {"epoch": 3, "weights": [0.5, -1e-7], "seen": {1, 2, 3}, "raw": b"\xff" * 100_000,
         "caf\u00e9": True}


def protocols(payload):
    """What PROTO says, and the highest protocol that an opcode is of."""
    codes = list(pickletools.genops(payload))
    return codes[0][1], max(code.proto for code, _, _ in codes)


class Member:
    """Of a set that it knows."""


class ConvertTest(CommandTest):
    def converted(self, *words, **options):
        out = self.path / "out.pkl"
        self.ok("convert", *words, "-o", out, "-q", **options)
        return out.read_bytes()

    def test_every_protocol_becomes_every_other(self):
        for made in range(6):
            path = self.file("model.pkl", pickle.dumps(VALUE, made))
            for protocol in (2, 3, 4, 5):
                result = self.converted(path, "--protocol", protocol)
                self.assertEqual(pickle.loads(result), VALUE)
                self.assertEqual(protocols(result)[0], protocol)
                self.assertLessEqual(protocols(result)[1], protocol)
                if made == protocol:
                    self.assertEqual(result, path.read_bytes())

    def test_a_snapshot_and_standard_input_are_read_too(self):
        payload = pickle.dumps(VALUE, 5)
        self.ok("save", "run", self.file("model.pkl", payload))
        self.assertEqual(pickle.loads(self.converted("run:1", "--protocol", 2)), VALUE)
        self.assertEqual(pickle.loads(self.converted("-", "--protocol", 3, stdin=payload)), VALUE)

    def test_a_line_comes_before_a_file_of_its_name(self):
        self.ok("save", "run", self.file("model.pkl", pickle.dumps("of the line")))
        self.file("run", pickle.dumps("of the file"))
        self.assertEqual(pickle.loads(self.converted("run", "--protocol", 2)), "of the line")
        self.assertEqual(pickle.loads(self.converted("./run", "--protocol", 2)), "of the file")

    def test_a_snapshot_is_converted_as_a_load_would_migrate_it(self):
        self.ok("save", "run", self.file("model.pkl", b"\x80\x04cold.place\nNet\n."))
        table = self.file("moved.toml", b"""[table]
name = "moved"
version = 1
[[module]]
from = "old.place"
to = "new.place"
""")
        self.ok("migrate", "add", table)
        self.assertEqual(self.converted("run", "--protocol", 2), b"\x80\x02cnew.place\nNet\n.")
        self.assertEqual(self.lines("run"), [{"$type": "symbol", "name": "new.place:Net"}])

    def test_standard_output_gets_the_pickle_and_standard_error_the_story(self):
        path = self.file("model.pkl", pickle.dumps([1], 4))
        for words in ((), ("-o", "-")):
            done = self.run_brine("convert", path, "--protocol", 2, *words)
            self.assertEqual(pickle.loads(done.stdout), [1])
            self.assertRegex(done.stderr.decode(),
                             r"^brine: 1 pickle of protocol 4 in protocol 2, \d+ B to \d+ B\n$")

    def test_the_document_tells_what_was_done(self):
        payload = pickle.dumps([1], 4)
        path, out = self.file("model.pkl", payload), self.path / "out.pkl"
        found = self.document("convert", path, "--protocol", 2, "-o", out)
        self.assertEqual(found, {
            "schema": "brine.convert/1", "input": str(path), "output": str(out),
            "from_protocol": 4, "protocol": 2, "pickles": 1,
            "opcodes": len(list(pickletools.genops(payload))), "payload_bytes": len(payload),
            "written_bytes": out.stat().st_size})
        done = self.run_brine("convert", path, "--protocol", 2, "--json")
        self.assertEqual(json.loads(done.stderr.splitlines()[-1])["output"], "-")

    def test_pickles_behind_one_another_are_all_converted(self):
        rest = pickle.dumps("two", 0) + pickle.dumps({3}, 2)
        path = self.file("three.pkl", pickle.dumps(1, 4) + b"\n" + rest + b" \n")
        result = self.converted(path, "--protocol", 4)
        front = len(pickle.dumps(1, 4))
        self.assertTrue(result.startswith(pickle.dumps(1, 4) + b"\n\x80\x04"))
        self.assertTrue(result.endswith(b". \n"))
        self.assertEqual(pickle.loads(result[front + 1:]), "two")

    def test_a_file_may_be_replaced_by_itself(self):
        path = self.file("model.pkl", pickle.dumps(VALUE, 5))
        self.ok("convert", path, "--protocol", 2, "-o", path)
        self.assertEqual(protocols(path.read_bytes())[0], 2)
        self.assertEqual(pickle.loads(path.read_bytes()), VALUE)

    def test_what_a_protocol_cannot_say_is_refused_and_nothing_is_written(self):
        member = Member()
        member.all = {member}
        path, out = self.file("set.pkl", pickle.dumps(member.all, 4)), self.path / "out.pkl"
        self.fails(16, "holds itself", "convert", path, "--protocol", 3, "-o", out,
                   hint=f"brine convert {path} --protocol 5 -o {out}")
        self.fails(16, "holds itself", "convert", path, "--protocol", 2)
        nested = self.file("old.pkl", b"\x80\x02cm\nA.B\n.")
        self.fails(16, "m:A.B has no form in protocol 5", "convert", nested, "--protocol", 5,
                   hint=f"brine dis {nested}")

    def test_containers_are_not_converted(self):
        payload = pickle.dumps(VALUE)
        with zipfile.ZipFile(self.path / "model.pt", "w") as archive:
            archive.writestr("model/data.pkl", payload)
        gz = self.file("model.pkl.gz", gzip.compress(payload))
        wrapper = b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81"
        joblib = self.file("m.joblib", wrapper + b"\xffraw")
        quiet = self.file("q.joblib", wrapper + b".")
        behind = self.file("behind.pkl", payload + b"raw bytes")
        as_json, scan = "brine convert {} --to json", "brine scan {}"
        for path, words, hint in ((self.path / "model.pt", "a zip file", as_json),
                                  (gz, "a gzip file", as_json), (quiet, "a joblib file", as_json),
                                  (joblib, "a joblib file", scan),
                                  (behind, f"that ends at byte {len(payload)} is none", scan)):
            self.fails(16, words, "convert", path, "--protocol", 2, "-o", self.path / "out.pkl",
                       hint=hint.format(path))
            if hint is as_json:
                self.assertTrue(self.ok("convert", path, "--to", "json"))

    def test_damage_and_absence_are_told_apart(self):
        cut = self.file("cut.pkl", pickle.dumps(VALUE)[:-1])
        self.fails(12, "ends before its STOP", "convert", cut, "--protocol", 2,
                   hint=f"brine scan {cut}")
        second = self.file("second.pkl", pickle.dumps(1) + pickle.dumps(VALUE)[:-1])
        self.fails(12, "ends before its STOP", "convert", second, "--protocol", 2)
        self.fails(12, "it is empty", "convert", self.file("empty", b""), "--protocol", 2)
        self.fails(3, "neither a file nor a snapshot", "convert", "nowhere.pkl", "--protocol", 2)
        self.fails(3, "nowhere.pkl", "convert", "./nowhere.pkl", "--protocol", 2)
        self.fails(3, "there is no line", "convert", "nowhere", "--protocol", 2)

    def test_a_dangerous_file_is_converted_and_stays_dangerous(self):
        path = self.file("bad.pkl", DANGEROUS)
        self.file("result.pkl", self.converted(path, "--protocol", 2))
        self.assertIn("dangerous", self.ok("scan", "result.pkl", code=1))
        self.ok("save", "bad", path)
        self.fails(15, "dangerous", "convert", "bad", "--protocol", 2)

    def test_places_where_nothing_may_be_written_are_refused(self):
        path = self.file("model.pkl", pickle.dumps(VALUE))
        self.fails(2, "lies inside the store", "convert", path, "--protocol", 2, "-o",
                   ".brine/packs/x", hint=f"brine convert {path} --protocol 2 -o x")
        self.fails(2, "lies inside the store", "convert", path, "--protocol", 2, "-o",
                   ".brine/brine.json")
        self.fails(16, "no regular file", "convert", path, "--protocol", 2, "-o", "/dev/null",
                   hint=f"brine convert {path} --protocol 2 -o - > /dev/null")
        self.fails(3, "nowhere", "convert", path, "--protocol", 2, "-o", "nowhere/x",
                   hint="mkdir -p nowhere")

    def test_the_protocol_is_asked_for(self):
        path = self.file("model.pkl", pickle.dumps(VALUE))
        self.fails(2, "wants --protocol", "convert", path,
                   hint=f"brine convert {path} --protocol 4")
        for wrong, right in ((7, 5), (1, 2), (0, 2), (-3, 2), ("x", 5), (10**30, 5), (-10**30, 2)):
            self.fails(2, "--protocol wants", "convert", path, "--protocol", wrong,
                       hint=f"brine convert {path} --protocol {right}\n")
            self.fails(2, "--protocol wants", "convert", path, f"--protocol={wrong}", "-q",
                       hint=f"brine convert {path} --protocol={right} -q\n")
        self.fails(2, "wants 2, 3, 4 or 5, not 9", "convert", path, "--protocol", 9)
        self.fails(2, "REF|FILE is missing", "convert", "--protocol", 2)

    def lines(self, *words, **options):
        return [json.loads(line) for line in self.ok("convert", "--to", "json", *words,
                                                     **options).splitlines()]

    def test_plain_data_as_json_is_what_it_was(self):
        texts = ["", "caf\u00e9", "\ud800", "\U0001f600", "\x00\x1f\"\\/", "x" * 4000]
        value = {"none": None, "flags": [True, False], "numbers": [0, -1, 2 ** 53 - 1, 1.5, 1e-300],
                 "texts": texts, "deep": [[[{"a": {"b": []}}]]]}
        for protocol in range(6):
            path = self.file("plain.pkl", pickle.dumps(value, protocol))
            self.assertEqual(self.lines(path), [value])
        self.ok("save", "run", path)
        self.assertEqual(self.lines("run@latest"), [value])
        self.assertEqual(self.lines("-", stdin=pickle.dumps(1) + pickle.dumps("two")), [1, "two"])

    def test_a_bytearray_is_hex_where_it_has_an_opcode_and_a_call_elsewhere(self):
        for protocol, name in ((5, "bytearray"), (4, "call"), (2, "call")):
            path = self.file("m.pkl", pickle.dumps(bytearray(b"ab"), protocol))
            self.assertEqual(json.loads(self.ok("convert", path, "--to", "json"))["$type"], name)

    def test_deep_and_recursive_objects_are_valid_json(self):
        nest = table = {}
        for _ in range(300):
            table["next"] = table = {"first": nest}
        found, = self.lines(self.file("deep.pkl", pickle.dumps(nest)))
        self.assertEqual(list(found), ["$root", "$deep"])
        self.assertEqual(found["$root"]["next"]["first"], {"$ref": found["$root"]["$id"]})

    def test_json_of_containers_is_that_of_their_objects(self):
        path = self.path / "model.pt"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model/data.pkl", pickle.dumps({"w": 1}, 2))
            archive.writestr("model/version", b"3\n")
        self.assertEqual(self.lines(path), [{"w": 1}])
        packed = self.file("m.gz", gzip.compress(pickle.dumps(1)))
        self.assertEqual(self.lines(packed), [1])
        cut = self.file("cut.gz", packed.read_bytes()[:-3])
        self.fails(12, "damaged gzip data", "convert", "--to", "json", cut,
                   hint=f"brine scan {cut}")
        empty = self.file("empty", b"")
        self.fails(12, "it is empty", "convert", "--to", "json", empty, hint=f"brine scan {empty}")

    def test_json_goes_to_standard_output_and_nowhere_else(self):
        path = self.file("model.pkl", pickle.dumps(1))
        for more in (("-o", "x"), ("--protocol", 2)):
            self.fails(2, "--to json goes to standard output", "convert", path, "--to", "json",
                       *more, hint=f"brine convert --to json {path}")
        self.fails(2, "--to wants json, not 'xml'", "convert", path, "--to", "xml",
                   hint=f"brine convert {path} --to json\n")


if __name__ == "__main__":
    unittest.main()
