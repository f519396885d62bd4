"""A crash or a failing disk at any system call of a save leaves the old state or the new one.

strace kills the command at its N-th system call that changes a file, or lets that call fail, for
every N until the command gets through untouched. After each, the store must open, verify must find
nothing but orphans, the line must load, and the next save must work.
"""
import os
import pickle
import shutil
import subprocess
import unittest

from support import BRINE, CommandTest, clean_environment

CALLS = "openat,write,pwrite64,fsync,fdatasync,linkat,rename,unlink,ftruncate,fallocate"
OLD = pickle.dumps({"epoch": 1, "weights": [0.25] * 200})
NEW = pickle.dumps({"epoch": 2, "weights": [0.75] * 300})
MOST_CALLS = 400
KILLED = -9


def strace_works():
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"],
                          capture_output=True).returncode == 0


@unittest.skipIf("sanitize" in os.environ.get("BRINE_BUILD", ""),
                 "the run-time of the sanitizers makes calls of its own and refuses to be traced")
@unittest.skipUnless(strace_works(), "strace is not installed, or may not trace here")
class CrashTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.ok("save", "run", self.file("old.pkl", OLD))
        self.new = self.file("new.pkl", NEW)
        self.pristine = self.path / "pristine"
        shutil.copytree(self.store, self.pristine)

    def start_over(self):
        shutil.rmtree(self.store)
        shutil.copytree(self.pristine, self.store)

    def inject(self, what, number, *words):
        return subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={CALLS}",
             "-e", f"inject={CALLS}:{what}:when={number}", BRINE, *map(str, words)],
            cwd=self.path, capture_output=True, env=clean_environment(), timeout=120)

    def payload(self):
        out = self.path / "out.pkl"
        self.ok("load", "run", "-o", out)
        content = out.read_bytes()
        out.unlink()
        return content

    def seqs(self):
        return [s["seq"] for s in self.document("log", "run")["snapshots"]]

    def check_store(self, acknowledged, context):
        """The state is the old one or the new one, and a second look changes nothing."""
        before = self.payload()
        self.assertIn(before, (OLD, NEW), context)
        if acknowledged:
            self.assertEqual(before, NEW, context)
        self.assertEqual(self.seqs(), [2, 1] if before == NEW else [1], context)
        verified = self.run_brine("verify", "--json")
        self.assertIn(verified.returncode, (0, 1), f"{context}: {verified.stdout!r}")
        self.assertEqual(self.payload(), before, context)

    def check_next_save(self, context):
        count = len(self.seqs())
        self.ok("save", "run", self.new)
        self.assertEqual(self.payload(), NEW, context)
        self.assertEqual(len(self.seqs()), count + 1, context)

    def check_reindex(self, context):
        """The manifests alone give every acknowledged snapshot back."""
        seqs = self.seqs()
        (self.store / "catalog.sqlite").unlink()
        self.run_brine("reindex")
        self.assertLessEqual(set(seqs), set(self.seqs()), context)

    def test_killed_at_any_call_a_save_leaves_the_old_state_or_the_new(self):
        for number in range(1, MOST_CALLS):
            done = self.inject("signal=KILL", number, "save", "run", self.new)
            context = f"killed at call {number}"
            if done.returncode != KILLED:
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertGreater(number, 20, "strace injected nothing")
                return
            self.check_store(False, context)
            if number % 4 == 0:
                self.check_next_save(context)
                self.check_reindex(context)
            self.start_over()
        self.fail("the save never came to its end")

    def check_failures(self, error, allowed):
        """Every call fails once: the save says so and keeps nothing, or is not harmed by it."""
        harmless = 0
        for number in range(1, MOST_CALLS):
            before = self.all_files()
            done = self.inject(f"error={error}", number, "save", "run", self.new)
            context = f"call {number} failed with {error}: {done.stderr.decode()}"
            self.assertIn(done.returncode, allowed | {0}, context)
            self.check_store(done.returncode == 0, context)
            if done.returncode != 0:
                harmless = 0
                # The call that failed may have been one that wrote this very message.
                self.assertRegex(done.stderr.decode(), r"brine: |  try: ", context)
                if self.payload() == OLD:
                    self.assertEqual(self.all_files(), before, context)
            else:
                harmless += 1
            # The loader and start-up open files too; past the last call nothing is injected.
            if harmless > 12 and number > 60:
                return
            self.start_over()
        self.fail("the save never came to its end")

    def test_a_full_disk_at_any_call_keeps_nothing_or_everything(self):
        self.check_failures("ENOSPC", {3, 12, 16, 17, 127})

    def test_an_input_output_error_at_any_call_keeps_nothing_or_everything(self):
        self.check_failures("EIO", {3, 12, 16, 17, 127})


class FullDiskTest(CommandTest):
    """A real full disk: every size of a small file system, in steps."""

    def sweep(self, script):
        probe = subprocess.run(["unshare", "-m", "true"], capture_output=True)
        if probe.returncode != 0:
            self.skipTest("mount namespaces are not allowed here")
        return subprocess.run(["unshare", "-m", "sh", "-c", script], cwd=self.path,
                              capture_output=True, env=clean_environment(BRINE=BRINE),
                              timeout=240)

    def test_whatever_the_space_the_old_snapshot_still_loads(self):
        self.file("old.pkl", OLD)
        self.file("new.pkl", pickle.dumps(b"\x01\x02\x03" * 40_000))
        done = self.sweep(
            "mkdir small; mount -t tmpfs -o size=4m,nr_inodes=2000 none small || exit 77\n"
            "$BRINE init small/store -q >/dev/null && "
            "$BRINE --store small/store save run old.pkl -q >/dev/null || exit 99\n"
            "for spare in 4 8 16 32 64 96 128 192 256; do\n"
            "  fallocate -l 3900k small/ballast 2>/dev/null; \n"
            "  rm small/ballast; free=$(df -k --output=avail small | tail -1)\n"
            "  dd if=/dev/zero of=small/ballast bs=1k count=$((free - spare)) 2>/dev/null\n"
            "  $BRINE --store small/store save run new.pkl --codec none -q >/dev/null 2>>errors\n"
            "  echo saved $spare $?\n"
            "  rm small/ballast\n"
            "  $BRINE --store small/store load run:1 -o out.pkl -q || exit 98\n"
            "  cmp out.pkl old.pkl || exit 98\n"
            "  $BRINE --store small/store verify -q >/dev/null || exit 97\n"
            "done\n")
        if done.returncode == 77:
            self.skipTest("tmpfs cannot be mounted here")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        codes = {int(line.split()[2]) for line in done.stdout.decode().splitlines()}
        self.assertLessEqual(codes, {0, 17}, done.stdout + (self.path / "errors").read_bytes())
        self.assertIn(17, codes, "no save met a full disk")


if __name__ == "__main__":
    unittest.main()
