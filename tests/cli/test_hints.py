"""The second line of an error: a command that works when it is pasted, for the same store."""
import gzip
import os
import shlex
import shutil
import subprocess
import unittest
import zipfile

from support import (BRINE, DANGEROUS, SAFE, UNKNOWN, CommandTest, clean_environment,
                     instance_of)

TABLE = '[table]\nname = "p"\nversion = 1\n[[module]]\nfrom = "a"\nto = "{}"\n'


class HintTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.file("m.pkl", SAFE)
        self.file("half.pkl", SAFE[:-3])

    def hint_of(self, line: str, code: int, **env) -> str:
        """Runs a line of a shell and returns the command that brine proposes."""
        done = self.shell(line, **env)
        self.assertEqual(done.returncode, code, (line, done.stderr))
        start, _, hint = done.stderr.rpartition("\n  try: ")
        self.assertTrue(start and hint.endswith("\n"), done.stderr)
        return hint[:-1]

    def shell(self, line: str, **env):
        """Runs a line of a shell in which `brine` is the command under test."""
        script = f'brine() {{ {shlex.quote(BRINE)} "$@"; }}\n{line}'
        return subprocess.run(["bash", "-o", "pipefail", "-c", script], cwd=self.path, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, capture_output=True,
                              env=clean_environment(**env), timeout=120)

    def check(self, line: str, code: int, hint: str, then: int = 0):
        """Requires the hint, and that the hint itself ends with the code `then`."""
        with self.subTest(line=line):
            self.assertEqual(self.hint_of(line, code), hint)
            pasted = self.shell(hint)
            self.assertEqual(pasted.returncode, then, (hint, pasted.stderr))

    def test_typos_become_the_whole_line_mended(self):
        cases = [
            ("brine sav a m.pkl", "brine save a m.pkl"),
            ("brine save a m.pkl --codek xz", "brine save a m.pkl --codec xz"),
            ("brine save a m.pkl --codek=xz --step 3", "brine save a m.pkl --codec=xz --step 3"),
            ("brine --jsn log", "brine --json log"),
            ("brine log --josn=1", "brine log --json"),
            ("brine migrate statsu", "brine migrate status"),
            ("brine save a m.pkl --metrics 'l=1'", "brine save a m.pkl --metric l=1"),
            ("brine svae --tag svae a m.pkl", "brine save --tag svae a m.pkl"),
        ]
        for line, hint in cases:
            self.check(line, 2, hint)

    def test_codecs_become_the_nearest_one(self):
        cases = [("lz4", "zstd"), ("zstd:99", "zstd:22"), ("zstd:-99999999999", "zstd:-7"),
                 ("none:1", "none"), ("gzp:3", "gzip:3"), ("xz:x", "xz:6"), ("bzip2:0", "bzip2:1"),
                 ("zstd:99999999999", "zstd:22")]
        for wrong, right in cases:
            self.check(f"brine save a m.pkl --codec {wrong}", 2,
                       f"brine save a m.pkl --codec {right}")
            self.check(f"brine save a m.pkl --codec={wrong} --step 3", 2,
                       f"brine save a m.pkl --codec={right} --step 3")
        self.check("brine init new --codec lz4", 2, "brine init new --codec zstd")

    def test_names_become_names(self):
        cases = [("a/b m.pkl", "a-b m.pkl"), ("'a b' m.pkl", "a-b m.pkl"),
                 ("./a m.pkl", "a m.pkl"), ("/ m.pkl", "unnamed m.pkl"),
                 ("a m.pkl --tag //", "a m.pkl --tag unnamed"),
                 ("a m.pkl --tag x/y", "a m.pkl --tag x-y"),
                 ("a m.pkl --tag=x/y --tag z", "a m.pkl --tag=x-y --tag z"),
                 ("a m.pkl --metric l/r=1", "a m.pkl --metric l-r=1"),
                 ("a m.pkl --metric=l/r=1", "a m.pkl --metric=l-r=1"),
                 ("a m.pkl --tag good", "a m.pkl --tag tag-good")]
        for wrong, right in cases:
            self.check(f"brine save {wrong}", 2, f"brine save {right}")

    def test_what_is_missing_is_asked_for_on_the_line_of_the_user(self):
        self.file("model.pkl", SAFE)
        self.check("brine save a --step 3", 2, "brine save a --step 3 model.pkl")
        for line, hint in (("brine save", "brine help save"), ("brine load", "brine log"),
                           ("brine show", "brine log"), ("brine migrate plan", "brine log"),
                           ("brine scan", "brine help scan"),
                           ("brine migrate add", "brine help migrate add")):
            self.check(line, 2, hint)

    def test_what_is_cut_short_is_kept_as_it_is_by_the_same_line(self):
        self.check("brine save a half.pkl --step 3", 12, "brine save a half.pkl --step 3 --as-is")
        half = shlex.quote(str(self.path / "half.pkl"))
        self.check("brine save a - < half.pkl", 12, f"brine save a - --as-is < {half}")
        self.check("cat half.pkl | brine save a -", 12, "brine help save")

    def test_references_lead_to_the_log(self):
        self.save("run", SAFE)
        for wrong in ("run:x", "run@", "run@best()", "run~x", "run@step=x"):
            self.check(f"brine show '{wrong}'", 2, "brine log run")
        for wrong in ("rum:x", "nowhere@", "nowhere~x"):
            self.check(f"brine show '{wrong}'", 2, "brine log")

    def test_a_damaged_snapshot_leads_to_the_fallback(self):
        self.save("run", SAFE)
        self.save("run", SAFE)
        self.damage(self.pack_of("run"))
        self.check("brine load run | cat", 12, "brine load run --fallback -o -", then=10)
        self.check("brine load run -o o.pkl", 12, "brine load run -o o.pkl --fallback", then=10)
        self.assertEqual((self.path / "o.pkl").read_bytes(), SAFE)

    def test_places_that_take_no_payload_have_another_one_near(self):
        self.save("run", SAFE)
        (self.path / "directory").mkdir()
        self.check("brine load run -o .", 16, "brine load run -o run.pkl")
        self.check("brine load run:1 --output=.", 16, "brine load run:1 --output=run-2.pkl")
        self.check("brine load run -odirectory", 16, "brine load run -odirectory/run.pkl")
        self.check("brine load run -o /dev/null", 16, "brine load run -o - > /dev/null")
        self.check("brine load run -o .brine/x", 2, "brine load run -o x")
        self.check("brine load run -o .brine/m.pkl", 2, "brine load run -o run-3.pkl")
        for name in ("run.pkl", "run-2.pkl", "directory/run.pkl", "x", "run-3.pkl", "m.pkl"):
            self.assertEqual((self.path / name).read_bytes(), SAFE, name)

    def test_tables_lead_to_the_registered_ones_and_to_their_grammar(self):
        self.file("t.toml", TABLE.format("b").encode())
        self.file("changed.toml", TABLE.format("c").encode())
        self.file("bad.toml", b"no table")
        self.ok("migrate", "add", "t.toml")
        self.check("brine migrate add changed.toml", 19, "brine migrate status")
        self.check("brine migrate add bad.toml", 19, "brine help migrate")

    def test_the_grammar_in_the_help_is_one_that_is_taken(self):
        for page in (self.ok("help", "migrate"), self.ok("help", "migrate", "add")):
            lines = page[page.index("  [table]"):].split("\n")
            table = "\n".join(line[2:] for line in lines[:lines.index("") + 1])
            rules = page[page.index("  [[module]]"):]
            table += "\n".join(line[2:] for line in rules.split("\n")[:8])
            self.file("page.toml", table.encode())
            self.assertEqual(self.document("migrate", "add", "page.toml")["rules"], 2, table)

    def test_a_table_comes_from_standard_input_too(self):
        done = self.document("migrate", "add", "-", stdin=TABLE.format("b").encode())
        self.assertEqual((done["name"], done["rules"]), ("p", 1))
        self.fails(19, "standard input:1: not TOML", "migrate", "add", "-", stdin=b"no table",
                   hint="brine help migrate")

    def test_a_missing_file_reads_the_same_everywhere(self):
        for line in ("brine save r {}", "brine scan {}", "brine dis {}", "brine migrate add {}"):
            for name, hint in (("no.pkl", "ls -la ."), ("no/such.pkl", "ls -la .")):
                self.check(line.format(name), 3, hint)
                said = self.shell(line.format(name)).stderr
                self.assertTrue(said.startswith(f"brine: there is no file {name}\n"), said)

    def trusting(self, line: str) -> str:
        """Runs a scan of what is unknown, and returns the line that it proposes."""
        done = self.shell(line)
        self.assertEqual(done.returncode, 1, done.stderr)
        sentence, _, hint = done.stderr.rpartition("\n  try: ")
        self.assertIn("if you know what made it, trust its symbols", sentence)
        return hint[:-1]

    def test_an_unknown_scan_is_trusted_by_the_line_that_it_proposes(self):
        self.file("u.pkl", UNKNOWN)
        self.file("two words.pkl", UNKNOWN)
        self.file("array.pkl", b"\x80\x04cshop\nNet\n)R}b.")
        net = "--trust myproject.models:Net"
        for line, hint in (("brine scan u.pkl", f"brine scan u.pkl {net}"),
                           ("brine scan 'two words.pkl'", f"brine scan 'two words.pkl' {net}"),
                           ("brine scan -- u.pkl", f"brine scan {net} -- u.pkl"),
                           ("brine scan --trust os u.pkl", f"brine scan --trust os u.pkl {net}"),
                           ("brine scan array.pkl", "brine scan array.pkl --trust shop:Net")):
            with self.subTest(line=line):
                self.assertEqual(self.trusting(line), hint)
                self.assertEqual(self.shell(hint).returncode, 0)
        self.assertEqual(self.shell("brine scan -q u.pkl").stderr, "")

    def test_many_symbols_are_trusted_a_few_at_a_time(self):
        self.file("many.pkl", b"".join(instance_of(f"m{i}", "Net", {}) for i in range(9)))
        line = "brine scan many.pkl"
        for trusted in (4, 8, 9):
            line = self.trusting(line)
            self.assertEqual(line.count("--trust"), trusted)
        self.assertEqual(self.shell(line).returncode, 0)

    def test_a_name_of_python_2_is_trusted_with_that_of_python_3(self):
        self.file("old.pkl", b"cQueue\nQueue\n.")
        line = self.trusting("brine scan old.pkl")
        self.assertEqual(self.trusting(line), f"{line} --trust queue:Queue")
        self.assertEqual(self.shell(f"{line} --trust queue:Queue").returncode, 0)

    def test_no_trust_is_proposed_for_what_it_does_not_lift(self):
        for content in (DANGEROUS, UNKNOWN + b"\x80\x02\x82\x07.", b"", b"hello", UNKNOWN[:-3],
                        b"cmy models\nNet\n."):
            self.file("x.pkl", content)
            done = self.shell("brine scan x.pkl")
            self.assertEqual((done.returncode, done.stderr), (1, ""), done.stdout)

    def test_what_is_trusted_stands_in_the_document(self):
        self.file("u.pkl", UNKNOWN)
        finding, = self.document("scan", "u.pkl", code=1)["findings"]
        self.assertEqual(finding["symbol"], "myproject.models:Net")
        self.file("x.pkl", b"\x80\x02\x82\x07.")
        finding, = self.document("scan", "x.pkl", code=1)["findings"]
        self.assertIsNone(finding["symbol"])

    def test_a_mistyped_file_becomes_the_one_that_is_near(self):
        self.file("model.pkl", SAFE)
        (self.path / "half.pkl").unlink()
        (self.path / "runs").mkdir()
        self.file("runs/net.pkl", SAFE)
        for line, near in (("brine show {} --tree", "model.pkl"), ("brine show --tensors {}",
                           "model.pkl"), ("brine convert {} --to json", "model.pkl"),
                           ("brine show --tree {}", "runs/net.pkl")):
            wrong = near.replace("del", "dle").replace("net", "nte")
            self.check(line.format(wrong), 3, line.format(near))
            said = self.shell(line.format(wrong)).stderr
            self.assertTrue(said.startswith("brine: there is neither a file nor a snapshot "
                                            f"'{wrong}'\n"), said)
        for line in ("brine scan {}", "brine dis {}", "brine save run {} --step 3",
                     "brine convert ./{} --to json"):
            self.check(line.format("modle.pkl"), 3, line.format("model.pkl"))
            self.check(line.format("model.pikle"), 3, line.format("model.pkl"))

    def test_the_near_file_is_one_of_the_same_kind(self):
        for name in ("model.txt", "model.pt", "models.pkl"):
            self.file(name, SAFE)
        for wrong, near in (("modle.pt", "model.pt"), ("modles.pkl", "models.pkl"),
                            ("modle.onnx", "model.pt")):
            self.assertEqual(self.hint_of(f"brine scan {wrong}", 3), f"brine scan {near}")
        for far in ("x.pt", "weights.pkl", ".pkl"):
            self.assertEqual(self.hint_of(f"brine scan {far}", 3), "ls -la .")

    def test_a_link_to_nothing_is_a_file_that_is_not_there(self):
        (self.path / "link").symlink_to("nowhere")
        for line in ("brine show link --tree", "brine convert link --to json"):
            self.check(line, 3, "ls -la .")

    def test_what_a_verb_cannot_read_is_scanned(self):
        self.file("cut.gz", gzip.compress(SAFE * 50)[:-20])
        self.file("deep.pkl", b"\x80\x04" + b"(" * 4_000_001 + b".")
        for line in ("brine show cut.gz --tree", "brine show ./cut.gz --tensors",
                     "brine convert cut.gz --to json"):
            self.check(line, 12, f"brine scan {line.split()[2]}", then=1)
        for line in ("brine show deep.pkl --tree", "brine convert deep.pkl --protocol 2"):
            self.check(line, 15, "brine scan deep.pkl", then=1)

    def test_a_file_that_is_nowhere_leads_to_its_directory(self):
        (self.path / "empty").mkdir()
        for line in ("brine show {} --tree", "brine show {}", "brine show --statistics {}",
                     "brine convert {} --to json", "brine verify {}"):
            self.check(line.format("empty/nosuch.pkl"), 3, "ls -la empty")
            self.check(line.format("empty"), 16, "ls -la empty")

    def test_a_missing_store_is_not_the_matter_with_a_missing_file(self):
        shutil.rmtree(self.store)
        self.file("model.pkl", SAFE)
        for line, then in (("brine show {} --tree", 0), ("brine show {}", 2),
                           ("brine verify {}", 3)):
            self.check(line.format("modle.pkl"), 3, line.format("model.pkl"), then=then)
        self.assertEqual(self.hint_of("brine show resnet", 3), "brine init")
        self.assertEqual(self.hint_of("brine verify", 3), "brine init")
        self.assertEqual(self.hint_of("brine --store nowhere show mm.pkl", 3),
                         f"brine init {self.path}/nowhere")

    def test_a_file_in_place_of_a_snapshot_is_looked_at_otherwise(self):
        self.check("brine show m.pkl", 2, "brine show m.pkl --tree")
        self.check("brine verify m.pkl", 3, "brine scan m.pkl")
        self.check("brine verify ./m.pkl", 3, "brine scan ./m.pkl")

    def test_options_of_the_tree_become_a_tree(self):
        for line, hint in (("--tensors --all", "--all --tree"),
                           ("--tensors --depth 2", "--depth 2 --tree"),
                           ("--statistics --depth=2 --json", "--depth=2 --json --tree"),
                           ("--tensors --statistics --all", "--all --tree"),
                           ("--tensors --tree --all --json", "--all --json --tree"),
                           ("--all", "--all --tree")):
            self.check(f"brine show m.pkl {line}", 2, f"brine show m.pkl {hint}")

    def test_without_a_store_what_is_missing_leads_to_the_page_of_the_verb(self):
        shutil.rmtree(self.store)
        for line, hint in (("brine show --tensors", "brine help show"),
                           ("brine load", "brine help load"),
                           ("brine migrate plan", "brine help migrate plan")):
            self.check(line, 2, hint)
        self.assertEqual(self.hint_of("brine --store no show", 2), "brine help show")
        self.assertEqual(self.hint_of("brine show", 2, BRINE_STORE="no"), "brine help show")

    def test_a_container_is_converted_to_json_where_it_holds_pickles(self):
        with zipfile.ZipFile(self.path / "sd.pt", "w") as archive:
            archive.writestr("sd/data.pkl", SAFE)
        with zipfile.ZipFile(self.path / "plain.zip", "w") as archive:
            archive.writestr("notes.txt", b"none")
        self.check("brine convert sd.pt --protocol 4", 16, "brine convert sd.pt --to json")
        self.check("brine convert ./sd.pt --protocol 4 -o o.pkl --json", 16,
                   "brine convert ./sd.pt --to json")
        there = shlex.quote(str(self.path / "sd.pt"))
        self.check("brine convert - --protocol 4 < sd.pt", 16, f"brine convert {there} --to json")
        self.check("brine convert plain.zip --protocol 4", 16, "brine scan plain.zip", then=1)

    def test_of_a_directory_a_file_in_it_is_proposed(self):
        (self.path / "dcp").mkdir()
        (self.path / "none").mkdir()
        self.file("none/notes.txt", b"none")
        self.file("dcp/.metadata", SAFE)
        self.file("dcp/.first", b"no checkpoint")
        self.file("dcp/__0_0.distcp", SAFE)
        for line in ("brine show {} --tensors", "brine show {} --tree", "brine show --tree {}",
                     "brine convert {} --to json", "brine scan {}", "brine dis {}"):
            self.check(line.format("dcp"), 16, line.format("dcp/.metadata"))
            self.check(line.format("./dcp/"), 16, line.format("./dcp/.metadata"))
            self.check(line.format("none"), 16, "ls -la none")
        self.assertEqual(self.hint_of("brine show dcp", 16), "brine show dcp/.metadata --tree")

    def test_standard_input_is_nothing_to_show(self):
        there = shlex.quote(str(self.path / "m.pkl"))
        self.check("brine show - --tree < m.pkl", 2, f"brine show {there} --tree")
        self.check("cat m.pkl | brine show - --tensors", 2, "brine help show")
        self.check("brine verify - < m.pkl", 2, f"brine scan {there}")

    def test_what_standard_input_brings_is_scanned_where_it_comes_from(self):
        half = shlex.quote(str(self.path / "half.pkl"))
        for line in ("brine dis - {}", "brine convert - --protocol 2 {}",
                     "brine convert - --to json {}"):
            self.check(line.format("< half.pkl"), 12, f"brine scan {half}", then=1)
            self.check("cat half.pkl | " + line.format(""), 12, "brine scan -", then=1)

    def test_what_is_no_regular_file_is_named_so(self):
        os.mkfifo(self.path / "fifo")
        for line in ("brine show fifo --tree", "brine show fifo", "brine verify ./fifo",
                     "brine convert fifo --to json"):
            self.check(line, 16, "ls -la .")
            self.assertIn("fifo is a pipe or a device and no file\n", self.shell(line).stderr)

    def test_the_store_of_the_line_or_the_environment_stays_the_store(self):
        self.ok("init", "my runs")
        self.ok("--store", "my runs", "save", "run", "m.pkl")
        named = "brine --store 'my runs' log run"
        self.check("brine --store 'my runs' show run:7", 3, named)
        self.assertEqual(self.hint_of("brine show run:7", 3, BRINE_STORE="my runs"), named)
        self.assertEqual(self.shell(named).returncode, 0)
        self.check("brine --store='my runs' sav run m.pkl", 2,
                   "brine '--store=my runs' save run m.pkl")
        self.assertEqual(self.hint_of("brine sav a m.pkl", 2, BRINE_STORE="my runs"),
                         "brine --store 'my runs' save a m.pkl")
        self.check("brine show --store 'my runs'", 2, "brine --store 'my runs' log")


class BlameTest(CommandTest):
    def test_a_file_in_place_of_a_store_is_no_store(self):
        file = self.file("m.pkl", SAFE)
        for words in (["log"], ["save", "a", file], ["verify"], ["load", "a"]):
            self.fails(3, "no store", "--store", "m.pkl", *words, hint="ls -la")

    def test_a_directory_in_place_of_the_catalog_is_rebuilt_away(self):
        self.save("run", SAFE)
        catalog = self.store / "catalog.sqlite"
        catalog.unlink()
        catalog.mkdir()
        for words in (["log"], ["show", "run"], ["save", "run", "input.pkl"]):
            self.fails(16, "catalog", *words, hint="try: brine reindex\n")
        self.ok("reindex")
        self.assertEqual(self.document("show", "run")["seq"], 1)

    def test_a_damaged_catalog_is_not_the_fault_of_the_input(self):
        file = self.file("s.pkl", SAFE)
        (self.store / "catalog.sqlite").write_bytes(b"no database, surely not" * 100)
        done = self.run_brine("save", "run", file)
        self.assertEqual(done.returncode, 12)
        self.assertTrue(done.stderr.startswith(b"brine: catalog "), done.stderr)

    def test_what_is_wrong_with_the_input_names_it(self):
        for name, content in (("half.pkl", SAFE[:-3]), ("empty.pkl", b""), ("text.pkl", b"hello")):
            done = self.run_brine("save", "run", self.file(name, content).name)
            self.assertEqual(done.returncode, 12)
            self.assertTrue(done.stderr.startswith(f"brine: {name}: ".encode()), done.stderr)

    def test_a_full_output_is_told_once_and_leads_to_the_disks(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BRINE, "log", "--json"], cwd=self.path, stdout=full,
                                  stderr=subprocess.PIPE, env=clean_environment(), check=False)
        self.assertEqual(done.returncode, 17)
        self.assertEqual(done.stderr, b"brine: cannot write standard output: No space left on "
                                      b"device\n  try: df -h\n")

    def test_ids_in_sentences_are_short_and_in_documents_whole(self):
        saved = self.save("run", SAFE)["snapshot"]
        manifest = next((self.store / "snapshots").rglob("*.json"))
        self.damage(manifest)
        done = self.run_brine("show", "run", "--json")
        self.assertIn(saved.encode(), done.stdout)
        self.assertNotIn(saved.encode(), done.stderr)
        self.assertIn(saved[:12].encode() + b".json", done.stderr)
        self.assertNotIn(saved, self.ok("verify", code=12))


class PlaceTest(CommandTest):
    def small_disk(self, script: str) -> str:
        """Runs `script` where `small` is a file system of 8 MiB, and returns what it prints."""
        (self.path / "small").mkdir()
        (self.path / "big.pkl").write_bytes(b"\x80\x04B" + (16 << 20).to_bytes(4, "little") +
                                            os.urandom(16 << 20) + b".")
        mounted = f"mount -t tmpfs -o size=8m none small || exit 99\n" \
                  f"brine() {{ {shlex.quote(BRINE)} \"$@\" 2>&1; }}\n{script}"
        words = ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c", mounted]
        done = subprocess.run(words, cwd=self.path, capture_output=True, text=True, timeout=120,
                              env=clean_environment(), check=False)
        if done.returncode == 99 or "unshare" in done.stderr:
            self.skipTest(f"no small file system can be mounted here: {done.stderr.strip()}")
        return done.stdout

    def test_a_full_store_is_the_place_that_is_shown(self):
        said = self.small_disk("brine init small/s; brine save r big.pkl --store small/s "
                               "--codec none")
        self.assertRegex(said, rf"\n  try: df -h {self.path}/small/s[\w/]*\n$")

    def test_a_full_target_is_the_place_that_is_shown(self):
        said = self.small_disk("brine save r big.pkl -q; brine load r -q -o small/o.pkl")
        self.assertTrue(said.endswith("\n  try: df -h small\n"), said)

    def test_a_store_that_could_not_be_made_leaves_a_place_to_show(self):
        said = self.small_disk("head -c 8388608 /dev/zero > small/zero; brine init small/s; "
                               "ls small")
        self.assertIn(f"\n  try: df -h {self.path}/small\nzero\n", said)


if __name__ == "__main__":
    unittest.main()
