"""What the tests of the command share: a temporary directory, a store in it, and the command."""
import json
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import types
import unittest

BRINE = os.path.abspath(os.environ.get("BRINE", "build/cli/brine"))

SNAPSHOT_KEYS = {
    "snapshot", "line", "seq", "parent", "created", "step", "metrics", "tags", "payload_bytes",
    "stored_bytes", "codec", "format", "protocol", "origin", "verdict", "state",
}


def clean_environment(**extra):
    """The caller's environment without what changes the command's answers."""
    unwanted = ("BRINE_STORE", "NO_COLOR", "FORCE_COLOR")
    return {k: v for k, v in os.environ.items() if k not in unwanted} | extra


def instance_of(module: str, name: str, state: dict) -> bytes:
    """A pickle of an object whose class lives in a module that nobody can import later."""
    cls = type(name, (), {"__module__": module})
    parts = module.split(".")
    modules = {".".join(parts[:i]): types.ModuleType("") for i in range(1, len(parts) + 1)}
    setattr(modules[module], name, cls)
    sys.modules.update(modules)
    try:
        thing = cls()
        thing.__dict__.update(state)
        return pickle.dumps(thing)
    finally:
        for passing in modules:
            del sys.modules[passing]


class Runs:
    def __reduce__(self):
        return (os.system, ("true",))


SAFE = pickle.dumps({"epoch": 3, "weights": [0.5] * 100})
UNKNOWN = instance_of("myproject.models", "Net", {"depth": 3})
DANGEROUS = pickle.dumps(Runs())


class CommandTest(unittest.TestCase):
    """Runs in a directory of its own, with a store in `.brine` unless `without_store` is set."""

    without_store = False
    brine = BRINE  # the command that is run

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="brine-cli-")
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name).resolve()
        self.path.chmod(0o755)
        self.store = self.path / ".brine"
        if not self.without_store:
            self.ok("init")

    def file(self, name: str, content: bytes) -> pathlib.Path:
        path = self.path / name
        path.write_bytes(content)
        return path

    def run_brine(self, *words, stdin=b"", env=None, prefix=()):
        return subprocess.run([*prefix, self.brine, *map(str, words)], cwd=self.path, input=stdin,
                              capture_output=True, env=clean_environment(**(env or {})),
                              timeout=120)

    def ok(self, *words, code=0, **options) -> str:
        """Runs, requires the exit code, and returns standard output."""
        done = self.run_brine(*words, **options)
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout!r} {done.stderr!r}")
        return done.stdout.decode(errors="replace")

    def document(self, *words, code=0, **options) -> dict:
        """Runs with --json and returns the one document on standard output."""
        return json.loads(self.ok(*words, "--json", code=code, **options))

    def fails(self, code: int, said: str, *words, hint=None, **options):
        """Requires one sentence with `said`, a hint, the exit code, and nothing left behind."""
        before = self.all_files()
        done = self.run_brine(*words, **options)
        story = done.stderr.decode()
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout!r} {story}")
        self.assertEqual(done.stdout, b"", words)
        self.check_sentence(story, said, hint)
        self.assertEqual(self.all_files(), before, f"{words} left something behind")

    def check_sentence(self, story: str, said: str, hint: str | None):
        sentence, rest = story.split("\n", 1)
        self.assertRegex(sentence, r"^brine: ")
        self.assertIn(said, sentence)
        self.assertFalse(sentence.endswith("."), sentence)
        self.assertRegex(rest, r"^  try: [^\n]+\n$", story)
        if hint is not None:
            self.assertIn(hint, rest)

    def all_files(self) -> set:
        """Every file below the test's directory, but for those that SQLite and locks come with."""
        passing = ("catalog.sqlite-journal", "lock")
        return {str(p.relative_to(self.path)) for p in self.path.rglob("*")
                if p.is_file() and p.name not in passing}

    def save(self, line: str, content: bytes, *options) -> dict:
        return self.document("save", line, self.file("input.pkl", content), *options)

    def pack_of(self, reference: str) -> pathlib.Path:
        return self.store / self.document("show", reference)["pack"]

    def damage(self, path: pathlib.Path):
        """Flips a byte in the middle."""
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0x55
        path.chmod(0o644)
        path.write_bytes(content)
