"""What the machine does to the command: full disks, missing rights, closed pipes."""
import os
import pathlib
import resource
import shlex
import shutil
import subprocess
import unittest

from support import BRINE, SAFE, CommandTest, clean_environment

NOBODY = 65534


def unprivileged():
    """Words in front of a command that take root's rights away, if there are any."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


class RightsTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.save("run", SAFE)
        if os.geteuid() == 0:
            self.brine = self.copy_of_brine()
        else:
            paths = [self.store, *self.store.rglob("*")]
            for path in paths:
                path.chmod(path.stat().st_mode & ~0o222)
            self.addCleanup(lambda: [path.chmod(0o755) for path in paths])

    def copy_of_brine(self):
        """A checkout below /root is out of reach for whom root's rights were taken away."""
        command = pathlib.Path(BRINE)
        copies = [command, *(command.parent.parent / "lib").glob("libbrine.so*")]
        for file in copies:
            place = self.path / "reach" / file.parent.name
            place.mkdir(parents=True, exist_ok=True)
            if file.is_file():
                shutil.copy(file, place)
        return str(self.path / "reach" / command.parent.name / command.name)

    def test_a_store_that_cannot_be_written_takes_no_save(self):
        file = self.file("m.pkl", SAFE)
        self.fails(16, "", "save", "run", file, prefix=unprivileged())

    def test_a_store_that_cannot_be_written_is_still_read(self):
        for words in (["log"], ["show", "run"], ["verify"], ["load", "run"]):
            self.ok(*words, prefix=unprivileged())

    def test_a_directory_that_cannot_be_written_gets_no_file(self):
        locked = self.path / "locked"
        locked.mkdir(mode=0o555)
        self.fails(16, "locked", "load", "run", "-o", "locked/out.pkl", prefix=unprivileged())

    def test_a_file_that_cannot_be_read_is_named(self):
        secret = self.file("secret.pkl", SAFE)
        secret.chmod(0)
        self.fails(16, "secret.pkl", "scan", secret, prefix=unprivileged())


class FullDiskTest(CommandTest):
    def test_a_full_disk_is_told_apart_and_leaves_nothing(self):
        mount = self.path / "small"
        mount.mkdir()
        (self.path / "big.pkl").write_bytes(b"\x80\x04B" + (16 << 20).to_bytes(4, "little") +
                                            os.urandom(16 << 20) + b".")
        self.file("m.pkl", SAFE)
        brine = shlex.quote(BRINE)
        script = f"""
            mount -t tmpfs -o size=8m none small || exit 99
            {brine} init small/store > /dev/null || exit 98
            {brine} save run m.pkl --store small/store > /dev/null || exit 97
            find small -type f ! -name lock | sort > before
            {brine} save run big.pkl --store small/store --codec none
            echo "code $?"
            find small -type f ! -name lock | sort | diff before - && echo same
            {brine} load run --store small/store > loaded.pkl && cmp loaded.pkl m.pkl && echo loads
        """
        words = ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c", script]
        done = subprocess.run(words, cwd=self.path, capture_output=True, text=True, timeout=120,
                              env=clean_environment())
        if done.returncode == 99 or "unshare" in done.stderr:
            self.skipTest(f"no small file system can be mounted here: {done.stderr.strip()}")
        self.assertEqual(done.stdout.split("\n")[:3], ["code 17", "same", "loads"], done.stderr)
        self.assertIn("brine: ", done.stderr)

    def test_a_full_output_is_told_apart(self):
        self.save("run", SAFE)
        with open("/dev/full", "wb") as full:
            for words in (["log"], ["log", "--json"], ["load", "run"], ["help"]):
                done = subprocess.run([BRINE, *words], cwd=self.path, stdout=full,
                                      stderr=subprocess.PIPE, env=clean_environment())
                self.assertEqual(done.returncode, 17, words)
                self.assertIn(b"standard output", done.stderr)

    def test_a_file_size_limit_is_an_error_and_no_signal(self):
        self.save("run", SAFE, "--codec", "none")
        before = self.all_files()

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))

        done = subprocess.run([BRINE, "load", "run", "-o", "out.pkl", "-q"], cwd=self.path,
                              preexec_fn=limit, capture_output=True, env=clean_environment())
        self.assertEqual(done.returncode, 17, done.stderr)
        self.assertEqual(self.all_files(), before)


class StreamTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.save("run", b"\x80\x04B" + (1 << 20).to_bytes(4, "little") + bytes(1 << 20) + b".")

    def test_a_reader_that_goes_away_ends_the_command_quietly(self):
        for words in (["load", "run"], ["load", "run", "--json"]):
            process = subprocess.Popen([BRINE, *words], cwd=self.path, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=clean_environment())
            process.stdout.read(1)
            process.stdout.close()
            story = process.stderr.read()
            process.stderr.close()
            self.assertEqual((process.wait(), story), (141, b""))
        self.assertEqual(self.document("show", "run")["state"], "good")

    def test_a_standard_stream_that_is_closed_never_hits_the_store(self):
        for redirect, code in ((">&-", 16), ("2>&-", 0), ("<&-", 0)):
            done = subprocess.run(["sh", "-c", f"{shlex.quote(BRINE)} log {redirect}"],
                                  cwd=self.path, capture_output=True, env=clean_environment())
            self.assertEqual(done.returncode, code, (redirect, done.stderr))
        closed = f"{shlex.quote(BRINE)} save run - <&-"
        done = subprocess.run(["sh", "-c", closed], cwd=self.path, capture_output=True)
        self.assertEqual(done.returncode, 16, done.stderr)
        self.assertEqual(self.document("verify")["problems"], [])


if __name__ == "__main__":
    unittest.main()
