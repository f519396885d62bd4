"""A tampered store or hostile file never crashes, hangs, or serves wrong bytes."""
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import unittest

from support import BRINE, SAFE, CommandTest, clean_environment, instance_of

CODES = {0, 1, 2, 3, 10, 11, 12, 15, 16, 17, 18, 19}
HANGS_AFTER = 20
READERS = (["load", "run", "-o", "out.pkl"], ["show", "run"], ["log"], ["verify"], ["reindex"],
           ["load", "run", "-o", "out.pkl"], ["load", "run@good", "-o", "out.pkl"],
           ["load", "run:1", "--fallback", "-o", "out.pkl"], ["save", "run", "input.pkl"])


def make_fifo(path):
    os.mkfifo(path)


def make_endless(path):
    path.symlink_to("/dev/zero")


def make_directory(path):
    path.mkdir()


class HostileTest(CommandTest):
    def bounded(self, *words):
        """Runs, and requires an end in time, a documented code, and a sentence if it failed."""
        done = subprocess.run([BRINE, *map(str, words)], cwd=self.path, input=b"",
                              capture_output=True, env=clean_environment(), timeout=HANGS_AFTER)
        context = f"{words}: {done.returncode} {done.stdout!r} {done.stderr!r}"
        self.assertIn(done.returncode, CODES, context)
        story = done.stderr.decode()
        if done.returncode not in (0, 10) and not done.stdout:
            self.assertRegex(story, r"(?m)^brine: [^\n]+$", context)
        self.assertLessEqual(len(re.findall(r"(?m)^brine: (?!note|warning)", story)), 1, context)
        return done

    def outside(self):
        return {name for name in self.all_files() if not name.startswith(".brine/")}

    def check_readers(self, context):
        """Every command ends in order, and a load that succeeds gives what was saved."""
        out = self.path / "out.pkl"
        for words in READERS:
            with self.subTest(context, words=words):
                done = self.bounded(*words)
                if "load" in words and done.returncode in (0, 10):
                    self.assertEqual(out.read_bytes(), SAFE)
                elif "load" in words:
                    self.assertFalse(out.exists(), done.stderr)
                out.unlink(missing_ok=True)


class ReplacedFileTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.save("run", SAFE)
        self.pristine = self.path / "pristine"
        shutil.copytree(self.store, self.pristine)

    def start_over(self):
        shutil.rmtree(self.store)
        shutil.copytree(self.pristine, self.store)

    def check_replaced(self, pattern):
        for make in (make_fifo, make_directory, make_endless):
            path = next(self.store.glob(pattern))
            path.unlink()
            make(path)
            before = self.outside()
            self.check_readers(f"{make.__name__} in place of {pattern}")
            self.assertEqual(self.outside(), before)
            self.start_over()

    def test_another_kind_of_file_for_a_manifest(self):
        self.check_replaced("snapshots/*/*.json")

    def test_another_kind_of_file_for_a_pack(self):
        self.check_replaced("packs/*/*.zst")

    def test_another_kind_of_file_for_the_known_good_marker(self):
        self.check_replaced("good/run")

    def test_another_kind_of_file_for_the_stores_own_document(self):
        self.check_replaced("brine.json")

    def forge(self, change):
        """Edits the manifest, and gives it the name and the marker that its new bytes ask for."""
        old = next(self.store.glob("snapshots/*/*.json"))
        manifest = json.loads(old.read_bytes())
        change(manifest)
        content = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
        name = hashlib.sha256(content).hexdigest()
        old.unlink()
        new = self.store / "snapshots" / name[:2] / f"{name}.json"
        new.parent.mkdir(exist_ok=True)
        new.write_bytes(content)
        (self.store / "good/run").write_text(name + "\n")
        return name

    def test_a_forged_manifest_under_its_true_name(self):
        def block(manifest, at, value):
            manifest["blocks"][0][at] = value

        forgeries = {
            "nothing": lambda m: None,
            "a step of 2**63": lambda m: m.update(steps={"x": 2**63}),
            "the last seq": lambda m: m.update(seq=2**63 - 1),
            "a negative seq": lambda m: m.update(seq=-1),
            "a block past the pack": lambda m: block(m, 2, 1 << 40),
            "a block that wraps": lambda m: block(m, 2, 2**64 - 1),
            "a block longer than the pack": lambda m: block(m, 3, 1 << 30),
            "a huge raw block": lambda m: block(m, 1, 2**63 - 1),
            "a payload too long": lambda m: m["payload"].update(bytes=2**62),
            "one byte too many": lambda m: m["payload"].update(bytes=m["payload"]["bytes"] + 1),
            "a line above": lambda m: m.update(line="../x"),
            "a pack above": lambda m: m["pack"].update(id="../../x"),
            "no blocks": lambda m: m.update(blocks=[]),
        }
        for what, change in forgeries.items():
            name = self.forge(change)
            before = self.outside()
            with self.subTest(what):
                report = self.bounded("reindex")
                self.assertEqual(report.returncode, 0 if what == "nothing" else 12)
                self.check_readers(what)
                self.bounded("load", name, "-o", "out.pkl")
                out = self.path / "out.pkl"
                self.assertIn(out.read_bytes() if out.exists() else SAFE, (SAFE,))
                out.unlink(missing_ok=True)
                self.assertEqual(self.outside(), before)
                for above in (self.store, self.path, self.path.parent):
                    self.assertFalse((above / "x").exists())
            self.start_over()


class DestinationTest(HostileTest):
    def setUp(self):
        super().setUp()
        self.save("run", SAFE)

    def check_refused(self, kind):
        node = self.path / "node"
        before = self.all_files()
        done = self.bounded("load", "run", "-o", node)
        self.assertEqual((done.returncode, done.stdout), (16, b""), done.stderr)
        self.check_sentence(done.stderr.decode(), "node", None)
        self.assertTrue(kind(node.lstat().st_mode))
        self.assertEqual(self.all_files(), before)

    def test_a_pipe_is_not_replaced(self):
        os.mkfifo(self.path / "node")
        self.check_refused(stat.S_ISFIFO)

    def test_a_directory_is_not_replaced(self):
        (self.path / "node").mkdir()
        self.check_refused(stat.S_ISDIR)

    @unittest.skipIf(os.geteuid() != 0, "only root makes device nodes")
    def test_a_device_is_not_replaced(self):
        try:
            os.mknod(self.path / "node", stat.S_IFCHR | 0o600, os.makedev(1, 3))
        except PermissionError:
            self.skipTest("device nodes are not allowed here")
        self.check_refused(stat.S_ISCHR)

    def test_nothing_is_written_into_the_store(self):
        for inside in ("brine.json", "good/run", "new.pkl", "packs/../new.pkl"):
            self.fails(2, "store", "load", "run", "-o", self.store / inside)


class TerminalTest(HostileTest):
    # Escape sequences, a bell, a line break, DEL, C1, and marks that turn the reading direction.
    MARKS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
    NAMES = ("Net\x1b]0;owned\x07", "Net\x1b[31m", "Net\rx", "Net\x7f", "Net\x9b2J", "Net\u202egnp",
             "Net" + MARKS, "Net\tx")

    def check_clean(self, *words):
        done = self.bounded(*words)
        for text in (done.stdout, done.stderr):
            raw = [b for b in text if (b < 0x20 and b != 0x0a) or b == 0x7f]
            self.assertEqual(raw, [], f"{words}: {text!r}")
            odd = [c for c in text.decode() if c in self.MARKS or 0x80 <= ord(c) < 0xa0]
            self.assertEqual(odd, [], f"{words}: {text!r}")

    def pickles(self, name):
        """As a class's name by STACK_GLOBAL, in its module, and by GLOBAL with its bare bytes."""
        yield instance_of("myproject.models", name, {"a": 1})
        yield instance_of("myproject" + name, "Net", {"a": 1})
        yield b"cmyproject.models\n" + name.encode() + b"\n."

    def test_names_in_a_pickle_reach_the_terminal_escaped(self):
        for name in self.NAMES:
            for content in self.pickles(name):
                with self.subTest(content=content):
                    self.assertIn(name.encode(), content)
                    file = self.file("hostile.pkl", content)
                    self.check_clean("scan", file)
                    self.check_clean("save", "run", file)
                    self.check_clean("show", "run")
        self.check_clean("log")

    def test_a_name_with_marks_is_told_with_its_marks_spelled(self):
        file = self.file("hostile.pkl", instance_of("myproject.models", "Net\u202egnp", {"a": 1}))
        self.assertIn(r"Net\xe2\x80\xaegnp", self.ok("scan", file, code=1))
        for words in (["scan", file], ["save", "run", file], ["show", "run"]):
            self.check_clean(*words, "--json")


if __name__ == "__main__":
    unittest.main()
