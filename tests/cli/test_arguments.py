"""Help, typos, and what is wrong with a command line before any store is looked at."""
import json
import unittest

from support import CommandTest

VERBS = ["save", "load", "log", "show", "scan", "dis", "convert", "verify", "init", "reindex",
         "migrate add", "migrate status", "migrate plan", "version"]

OVERVIEW = """\
brine keeps checkpoints: small, verified, and every old pickle in them still
loads.

Examples:
  brine init
  brine save resnet model.pkl --step 1200 --metric loss=0.31
  brine log resnet
  brine load resnet@good -o model.pkl --fallback

usage: brine VERB [options]

Verbs:
  save            keep a checkpoint file as the newest snapshot of a line
  load            write the checkpoint that a reference names
  log             list snapshots, newest first
  show            tell what is in a snapshot, or a file with --tensors or --tree
  scan            tell what a checkpoint file would do, without running it
  dis             list the opcodes of a pickle, as python3 -m pickletools does
  convert         write a pickle in another protocol, or as JSON
  verify          check every byte of a snapshot, or of all
  init            make a store
  reindex         rebuild the catalog from the manifests
  migrate add     register a migration table
  migrate status  list the registered tables
  migrate plan    tell what a load would rewrite
  version         print the version

Options of every verb:
      --store PATH              the store; else $BRINE_STORE, else the nearest
                                .brine upwards
      --json                    one JSON document on standard output
  -q, --quiet                   no notes and no progress; warnings stay
      --no-color                no colours (as NO_COLOR does)
  -h, --help                    this, or that of a verb
      --version                 print the version

References (REF):
  LINE, LINE:17, LINE@latest, LINE@good, LINE@best(metric), LINE@best(-loss),
  LINE@step=1200, LINE@TAG, LINE~2, or four digits or more of an id

One page each: brine help VERB
"""

LOAD_PAGE = """\
usage: brine load REF [options]

write the checkpoint that a reference names.

Example:
  brine load resnet@good -o model.pkl --fallback

Options:
  -o, --output FILE             else standard output, unless that is a terminal
      --fallback                where it cannot be used, serve its newest
                                known-good ancestor
      --on-fallback COMMAND     gets the event as JSON; else the store's own
      --trust SYMBOL            module:Name or module that counts as allowed;
                                may be repeated
      --unsafe                  write even a payload that is known to be
                                dangerous
      --no-migrate              bit for bit as saved
"""


class HelpTest(CommandTest):
    without_store = True

    def test_without_words_the_overview_is_a_usage_error(self):
        done = self.run_brine()
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertEqual(done.stderr.decode(), OVERVIEW)

    def test_help_is_a_result(self):
        for words in (["--help"], ["-h"], ["help"], ["--json", "--help"]):
            self.assertEqual(self.ok(*words), OVERVIEW)

    def test_the_page_of_a_verb_is_as_written(self):
        self.assertTrue(self.ok("load", "--help").startswith(LOAD_PAGE))

    def test_every_verb_has_a_page_with_an_example(self):
        for verb in VERBS:
            page = self.ok("help", *verb.split())
            self.assertTrue(page.startswith(f"usage: brine {verb}"), page)
            self.assertIn(f"Example:\n  brine {verb}", page)
            self.assertIn("--store PATH", page)

    def test_a_page_names_what_its_verb_takes(self):
        for verb, target in (("show", "REF|FILE"), ("convert", "REF|FILE"), ("scan", "FILE"),
                             ("dis", "FILE"), ("load", "REF"), ("verify", "[REF]")):
            self.assertTrue(self.ok("help", verb).startswith(f"usage: brine {verb} {target}"), verb)

    def test_help_stays_within_80_columns(self):
        for words in ([], ["migrate"], *(verb.split() for verb in VERBS)):
            for line in self.ok("help", *words).splitlines():
                self.assertLessEqual(len(line), 80, line)
                self.assertEqual(line, line.rstrip())

    def test_help_wins_wherever_it_stands(self):
        page = self.ok("help", "save")
        for words in (["save", "-h"], ["-h", "save"], ["save", "run", "--nonsense", "--help"],
                      ["save", "--step", "x", "-h"]):
            self.assertEqual(self.ok(*words), page)

    def test_help_of_a_group_lists_its_verbs(self):
        for words in (["help", "migrate"], ["migrate", "--help"]):
            page = self.ok(*words)
            for verb in ("migrate add", "migrate status", "migrate plan"):
                self.assertIn(verb, page)

    def test_help_of_a_typo_names_the_closest_verb(self):
        self.fails(2, "no verb 'sacn'", "help", "sacn", hint="brine help scan")
        self.fails(2, "no verb 'plna'", "help", "migrate", "plna", hint="brine help migrate plan")

    def test_the_version_has_three_faces(self):
        text = self.ok("version")
        self.assertRegex(text, r"^brine \d+\.\d+\.\d+\n$")
        self.assertEqual(self.ok("--version"), text)
        document = self.document("version")
        self.assertEqual(set(document), {"schema", "version", "codecs"})
        self.assertEqual(document["schema"], "brine.version/1")
        self.assertEqual([c["name"] for c in document["codecs"]],
                         ["none", "gzip", "bzip2", "xz", "zstd"])


class UsageTest(CommandTest):
    CASES = [
        ("no verb 'svae'", ["svae"], "brine save"),
        ("no verb 'svae'", ["svae", "run", "f", "--step", "3"],
         "brine save run f --step 3\n"),
        ("no verb 'frobnicate'", ["frobnicate"], "brine help"),
        ("migrate has no verb 'ad'", ["migrate", "ad"], "brine migrate add"),
        ("migrate wants a verb", ["migrate"], "brine help migrate"),
        ("wants a verb", ["--json", "-q"], "brine help"),
        ("no option '-x'", ["-x"], "brine --help"),
        ("no option '--tga'", ["save", "run", "f", "--tga", "x"], "brine save run f --tag x\n"),
        ("no option '--josn'", ["log", "--josn=1"], "brine log --json\n"),
        ("no option '--step'", ["load", "run", "--step", "3"], "brine load --help"),
        ("LINE is missing", ["save"], "brine help save"),
        ("FILE is missing", ["save", "run"], "brine save run model.pkl\n"),
        ("REF|FILE is missing", ["show"], "brine log\n"),
        ("REF is missing", ["load"], "brine log\n"),
        ("TABLE is missing", ["migrate", "add"], "brine help migrate add"),
        ("'c' is one word too many", ["save", "a", "b", "c"], "brine help save"),
        ("--step wants a whole number, not 'x'", ["save", "r", "f", "--step", "x"], "brine help"),
        ("--step wants a whole number, not '1.5'", ["save", "r", "f", "--step=1.5"], "brine help"),
        ("--step wants a whole number, not '9223372036854775808'",
         ["save", "r", "f", "--step", "9223372036854775808"], "brine help"),
        ("--step wants a value", ["save", "r", "f", "--step"], "brine help"),
        ("--store= is without its value", ["--store=", "log"], "brine help"),
        ("--json takes no value", ["log", "--json=yes"], "brine help log"),
        ("--limit wants a whole number from 0 on, not '-4'", ["log", "-n", "-4"], "brine help"),
        ("--metric wants NAME=NUMBER, not 'loss'", ["save", "r", "f", "--metric", "loss"],
         "brine help"),
        ("--metric wants a number after the '=', not 'low'",
         ["save", "r", "f", "--metric", "loss=low"], "brine help"),
        ("--metric names 'loss' twice",
         ["save", "r", "f", "--metric", "loss=1", "--metric=loss=2"], "brine help save"),
    ]

    def test_every_mistake_has_a_sentence_and_a_hint(self):
        for said, words, hint in self.CASES:
            with self.subTest(words=words):
                done = self.run_brine(*[w for w in words if w != "--json"])
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stdout, b"")
                self.check_sentence(done.stderr.decode(), said, hint)

    def test_a_mistake_is_a_document_too(self):
        done = self.run_brine("save", "r", "f", "--step", "x", "--json")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(json.loads(done.stdout), {
            "schema": "brine.error/1", "code": "usage", "exit_code": 2,
            "message": "--step wants a whole number, not 'x'", "hint": "brine help save"})
        self.assertIn("brine: --step wants", done.stderr.decode())

    def test_options_of_every_verb_stand_before_or_after_it(self):
        for words in (["--json", "log"], ["log", "--json"], ["--json", "-q", "log", "-n5"],
                      ["--store", self.store, "log", "--json"],
                      ["log", "--json", f"--store={self.store}"]):
            self.assertEqual(json.loads(self.ok(*words))["schema"], "brine.log/1")

    def test_words_that_look_like_verbs_are_words_after_the_verb(self):
        self.save("log", b"\x80\x04N.")
        self.assertEqual(len(self.document("log", "log")["snapshots"]), 1)

    def test_names_from_the_command_line_cannot_drive_the_terminal(self):
        done = self.run_brine("save", "run", "\x1b[31mred\x9b.pkl")
        self.assertNotIn(b"\x1b", done.stderr)
        self.assertIn(b"\\x1b[31mred", done.stderr)


class StoreChoiceTest(CommandTest):
    without_store = True

    def store_of(self, *words, env=None):
        return len(self.document("log", *words, env=env)["snapshots"])

    def test_the_option_beats_the_environment_beats_the_directory(self):
        for name, saves in (("a", 1), ("b", 2), (".brine", 3)):
            self.ok("init", name)
            for _ in range(saves):
                self.ok("save", "run", self.file("f.pkl", b"\x80\x04N."), "--store", name)
        (self.path / "below" / "deep").mkdir(parents=True)
        self.assertEqual(self.store_of("--store", "a", env={"BRINE_STORE": "b"}), 1)
        self.assertEqual(self.store_of(env={"BRINE_STORE": "b"}), 2)
        self.assertEqual(self.store_of(env={"BRINE_STORE": ""}), 3)
        self.path = self.path / "below" / "deep"
        self.assertEqual(self.store_of(), 3)

    def test_a_missing_store_is_not_found(self):
        file = self.file("f.pkl", b"\x80\x04N.")
        self.fails(3, "no store", "save", "run", file, hint="brine init")
        self.fails(3, "nowhere", "log", "--store", "nowhere", hint="brine init")
        self.fails(3, "nowhere", "reindex", "--store", "nowhere")
        self.fails(3, "nowhere", "log", env={"BRINE_STORE": "nowhere"})


if __name__ == "__main__":
    unittest.main()
