#!/usr/bin/env python3
"""Holds what tools/install-dependencies does on machines that lack something, with stand-ins for
dpkg-query, apt-get and id in front of the real ones.

usage: test_install.py SOURCE_ROOT
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(sys.argv.pop(1)).resolve() / "tools/install-dependencies"

STAND_INS = {
    # `installed` holds the names that are there; installing adds to it.
    "dpkg-query": 'for name in "${@:3}"; do grep -qx "$name" installed && '
                  'echo "$name installed"; done; exit 1',
    "apt-get": 'echo "$*" >>calls; [ ! -e broken ] || { echo "E: no such mirror"; exit 100; }\n'
               'case "$*" in *" install "*) tr " " "\\n" <<<"$*" >>installed;; esac',
    "id": "cat user",
    "sleep": "true",
}


class InstallDependencies(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        (self.root / "bin").mkdir()
        for name, body in STAND_INS.items():
            self.put(name, body)
        # Only what the script itself needs, so that no sudo is found.
        for name in ("awk", "bash", "cat", "comm", "env", "grep", "mktemp", "rm", "sed", "seq",
                     "sort", "tail", "tr"):
            (self.root / "bin" / name).symlink_to(f"/usr/bin/{name}")
        self.packages = self.run_script("--list").stdout.split()
        self.write("installed", "\n".join(self.packages) + "\n")
        self.write("user", "0\n")

    def put(self, name, body):
        path = self.root / "bin" / name
        path.write_text(f"#!/usr/bin/bash\n{body}\n")
        path.chmod(0o755)

    def write(self, name, text):
        (self.root / name).write_text(text)

    def remove(self, *names):
        self.write("installed", "".join(f"{p}\n" for p in self.packages if p not in names))

    def calls(self):
        path = self.root / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def run_script(self, *arguments):
        environment = {**os.environ, "PATH": str(self.root / "bin")}
        return subprocess.run([SCRIPT, *arguments], cwd=self.root, env=environment, text=True,
                              capture_output=True, check=False)

    def test_nothing_is_called_when_everything_is_there(self):
        done = self.run_script()
        self.assertEqual((done.returncode, self.calls()), (0, []))
        self.assertIn(f"all {len(self.packages)} packages are there", done.stderr)

    def test_only_what_is_missing_is_installed(self):
        self.remove("meson", "libfmt-dev")
        done = self.run_script()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.calls()), 2)
        self.assertTrue(self.calls()[0].endswith(" update"))
        self.assertTrue(self.calls()[1].endswith(" --no-install-recommends libfmt-dev meson"))

    def test_failure_is_tried_three_times_and_told_with_the_words_of_apt(self):
        self.remove("meson")
        self.write("broken", "")
        done = self.run_script()
        self.assertEqual((done.returncode, len(self.calls())), (1, 3))
        self.assertIn("E: no such mirror", done.stderr)
        self.assertIn("failed 3 times", done.stderr)

    def test_an_installation_that_leaves_a_gap_is_a_failure(self):
        self.remove("meson")
        self.put("apt-get", "true")
        done = self.run_script()
        self.assertEqual(done.returncode, 1)
        self.assertIn("still missing after the installation: meson", done.stderr)

    def test_without_root_and_sudo_the_command_is_named(self):
        self.remove("meson")
        self.write("user", "1000\n")
        done = self.run_script()
        self.assertEqual((done.returncode, self.calls()), (1, []))
        self.assertIn("apt-get install meson", done.stderr)

    def test_sudo_is_used_where_there_is_one(self):
        self.remove("meson")
        self.write("user", "1000\n")
        self.put("sudo", 'echo "sudo" >>calls; exec "$@"')
        self.assertEqual(self.run_script().returncode, 0)
        self.assertEqual(self.calls()[0::2], ["sudo", "sudo"])

    def test_without_apt_the_list_is_named(self):
        (self.root / "bin/apt-get").unlink()
        done = self.run_script()
        self.assertEqual(done.returncode, 1)
        self.assertIn("libtomlplusplus-dev", done.stderr)

    def test_an_unknown_option_is_a_usage_error(self):
        self.assertEqual(self.run_script("--now").returncode, 2)


if __name__ == "__main__":
    unittest.main()
