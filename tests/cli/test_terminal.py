"""Colours, widths and the progress bar: on a terminal only, and as the user's environment says."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
import unittest

from support import BRINE, DANGEROUS, SAFE, UNKNOWN, CommandTest, clean_environment


class OnTerminal(CommandTest):
    def on_terminal(self, *words, columns=80, feed=None, error_only=False, **env):
        """Runs with the output streams on a terminal; returns exit code and what it showed."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [BRINE, *map(str, words)], cwd=self.path, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL if error_only else slave, stderr=slave,
            env=clean_environment(**{"TERM": "xterm"} | env))
        os.close(slave)
        feeder = threading.Thread(target=feed or (lambda pipe: None), args=[process.stdin])
        feeder.start()
        shown = b""
        try:
            while piece := os.read(master, 65536):
                shown += piece
        except OSError:
            pass  # how Linux says that the other side is closed
        feeder.join()
        process.stdin.close()
        os.close(master)
        return process.wait(), shown.decode()


class TerminalTest(OnTerminal):
    def test_colours_are_for_terminals(self):
        file = self.file("m.pkl", UNKNOWN)
        self.assertIn("\x1b[33munknown\x1b[0m", self.on_terminal("scan", file)[1])
        done = self.run_brine("scan", file)
        self.assertNotIn(b"\x1b", done.stdout + done.stderr)

    def test_the_user_can_switch_colours_off_and_on(self):
        file = self.file("m.pkl", UNKNOWN)
        for words, env in (([], {"NO_COLOR": "1"}), (["--no-color"], {}), ([], {"TERM": "dumb"}),
                           ([], {"NO_COLOR": "1", "FORCE_COLOR": "1"})):
            self.assertNotIn("\x1b", self.on_terminal("scan", file, *words, **env)[1], (words, env))
        self.assertIn("\x1b", self.on_terminal("scan", file, NO_COLOR="")[1])
        forced = self.run_brine("scan", file, env={"FORCE_COLOR": "1"})
        self.assertIn(b"\x1b[33m", forced.stdout)
        plain = self.run_brine("scan", file, env={"FORCE_COLOR": "0"})
        self.assertNotIn(b"\x1b", plain.stdout)

    def test_errors_are_coloured_on_a_terminal_only(self):
        self.assertIn("\x1b[31mbrine:\x1b[0m ", self.on_terminal("load", "nowhere")[1])
        self.assertNotIn("\x1b", self.on_terminal("log", "nowhere", "--no-color")[1])
        self.assertNotIn("\x1b", self.on_terminal("svae", "--no-color")[1])

    def test_a_payload_is_not_thrown_at_a_terminal(self):
        self.save("run", SAFE)
        code, shown = self.on_terminal("load", "run", "--no-color")
        self.assertEqual(code, 2)
        self.assertIn("try: brine load run --no-color -o run.pkl", shown)

    def test_paths_of_tensors_are_cut_in_front_and_a_pipe_gets_all(self):
        array = (b"cnumpy.core.numeric\n_frombuffer\n(C\x01xcnumpy\ndtype\nX\x02\0\0\0u1\x85R"
                 b"K\x01\x85X\x01\0\0\0CtR")
        name = b"front" * 30 + b".weight"
        key = b"X" + bytes([len(name), 0, 0, 0]) + name
        file = self.file("m.pkl", b"\x80\x04}" + key + array + b"s.")
        for columns in (60, 80, 120):
            shown = self.on_terminal("show", file, "--tensors", "--no-color", columns=columns)[1]
            lines = shown.splitlines()
            self.assertLessEqual(max(map(len, lines)), columns)
            self.assertEqual(lines[0].split(), ["DTYPE", "SHAPE", "OFFSET", "BYTES", "PATH"])
            self.assertIn("...", lines[1])
            self.assertTrue(lines[1].endswith("front.weight"), lines[1])
            self.assertEqual(lines[2], "1 tensor, 1 B")
        self.assertIn(" " + name.decode(), self.ok("show", file, "--tensors"))

    def test_statistics_fit_a_terminal_and_a_pipe_gets_all(self):
        elements = struct.pack("<3d", -1.234567e-300, -2.345678e+300, 0)
        array = (b"cnumpy.core.numeric\n_frombuffer\n(C" + bytes([len(elements)]) + elements +
                 b"cnumpy\ndtype\nX\x02\0\0\0f8\x85RK\x03\x85X\x01\0\0\0CtR")
        name = b"model.encoder.layers.11.attention.output.dense.weight"
        keys = [b"X" + bytes([len(key), 0, 0, 0]) + key for key in (name, name + b"2")]
        file = self.file("m.pkl", b"\x80\x04}(" + keys[0] + array + b"q\x01" +
                         keys[1] + b"h\x01u.")
        whole = self.ok("show", file, "--statistics").splitlines()[0].split()
        self.assertEqual(whole, ["DTYPE", "SHAPE", "OFFSET", "BYTES", "MIN", "MAX", "NAN", "INF",
                                 "ZEROS", "PATH", "SHARES"])
        before = 0
        for columns in (32, 40, 60, 80, 100, 200):
            shown = self.on_terminal("show", file, "--statistics", "--no-color", columns=columns)[1]
            lines = shown.replace("\r\n", "\n").splitlines()
            self.assertLessEqual(max(map(len, lines[:3])), columns)
            titles = lines[0].split()
            self.assertEqual(titles, [each for each in whole if each in titles])
            self.assertIn("PATH", titles)
            self.assertIn("weight", lines[1])
            self.assertGreaterEqual(len(titles), before)
            before = len(titles)
            self.assertEqual(columns >= 80, {"MIN", "MAX"} <= set(titles), (columns, titles))
            note = "brine: columns are left out"
            self.assertEqual(len(titles) < len(whole), note in shown, shown)
        self.assertEqual(titles, whole)

    def test_a_terminal_is_no_checkpoint(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        done = subprocess.run([BRINE, "save", "run", "-"], cwd=self.path, stdin=slave,
                              capture_output=True, env=clean_environment(), timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"try: brine save run model.pkl", done.stderr)

    @staticmethod
    def slowly(pipe):
        body = bytes(1 << 20)
        pipe.write(b"\x80\x04B" + (8 << 20).to_bytes(4, "little"))
        for _ in range(8):
            pipe.write(body)
            pipe.flush()
            time.sleep(0.15)
        pipe.write(b".")
        pipe.close()

    def test_slow_work_shows_a_bar_and_takes_it_away(self):
        code, shown = self.on_terminal("save", "run", "-", feed=self.slowly, error_only=True)
        self.assertEqual(code, 0, shown)
        self.assertRegex(shown, r"\r\x1b\[Ksaving .*MiB.*/s")
        drawn = shown.count("saving ")
        self.assertLessEqual(drawn, 12, "more than ten updates a second")
        self.assertEqual(shown.rpartition("\r")[2].replace("\x1b[K", "").strip(), "")

    def test_a_bar_stays_away_from_pipes_quiet_and_dumb_terminals(self):
        for words, env in ((["-q"], {}), ([], {"TERM": "dumb"})):
            shown = self.on_terminal("save", "run", "-", *words, feed=self.slowly,
                                     error_only=True, **env)[1]
            self.assertNotIn("saving", shown)

    def test_quick_work_shows_no_bar(self):
        file = self.file("m.pkl", SAFE)
        self.assertNotIn("saving", self.on_terminal("save", "run", file)[1])


class WidthTest(OnTerminal):
    def lines(self, *words, columns=80, **env):
        shown = self.on_terminal(*words, "--no-color", columns=columns, **env)[1]
        return shown.replace("\r\n", "\n").splitlines()

    def assert_within(self, lines, columns):
        for line in lines:
            self.assertLessEqual(len(line), columns, line)

    def piped(self, *words):
        done = self.run_brine(*words)
        return (done.stdout + done.stderr).decode().splitlines()

    def test_sentences_are_cut_at_blanks_on_terminals_only(self):
        words = ["save", "a/b", self.file("m.pkl", SAFE).name]
        piped = self.piped(*words)
        self.assertEqual(len(piped), 2)
        for columns in (40, 80):
            lines = self.lines(*words, columns=columns)
            self.assert_within(lines, columns)
            self.assertGreater(len(lines), 2)
            sentence = lines[:[line[:6] for line in lines].index("  try:")]
            self.assertEqual(" ".join(line.strip() for line in sentence), piped[0])
            self.assertTrue(all(line.startswith("  ") for line in sentence[1:]), sentence)

    def test_a_hint_that_is_cut_can_still_be_pasted(self):
        self.file("a long name of a file.pkl", SAFE)
        words = ["sav", "run", "a long name of a file.pkl", "--step", "12", "--metric", "loss=1.5",
                 "--tag", "one", "--tag", "two"]
        lines = self.lines(*words, columns=50)
        self.assert_within(lines, 50)
        at = [line[:6] for line in lines].index("  try:")
        hint = lines[at:]
        self.assertGreater(len(hint), 2)
        self.assertTrue(all(line.endswith(" \\") for line in hint[:-1]), hint)
        command = "\n".join(hint).removeprefix("  try: ")
        script = f'brine() {{ "{BRINE}" "$@"; }}\n{command}'
        done = subprocess.run(["sh", "-c", script], cwd=self.path, capture_output=True,
                              env=clean_environment(), check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.document("show", "run")["tags"], ["one", "two"])

    def test_results_are_cut_at_blanks_on_terminals_only(self):
        self.save("run", DANGEROUS)
        tags = [f"experiment-{i:02}" for i in range(12)]
        self.save("run", SAFE, *(word for tag in tags for word in ("--tag", tag)))
        self.save("run", SAFE)
        self.damage(self.pack_of("run"))
        for words in (["show", "run:2"], ["scan", "input.pkl"], ["verify"], ["show", "run:1"]):
            piped = self.piped(*words)
            lines = self.lines(*words)
            self.assert_within(lines, 80)
            # The second may turn over between the two.
            told, expected = (re.sub(r"\(\d+s ago\)", "(now)", " ".join(" ".join(text).split()))
                              for text in (lines, piped))
            self.assertEqual(told, expected)
        shown = self.lines("show", "run:2")
        first = next(i for i, line in enumerate(shown) if line.startswith("tags "))
        self.assertTrue(shown[first + 1].startswith(" " * 10 + "experiment-"), shown)

    def test_a_crowded_log_shortens_tags_before_it_drops_a_column(self):
        tags = ["candidate-for-the-release", "another-tag-of-some-length"]
        self.save("a", UNKNOWN, "--step", 1234567, "--tag", tags[0], "--tag", tags[1])
        self.save("a", SAFE, "--tag", "b")
        lines = self.lines("log", "a")
        self.assert_within(lines, 80)
        self.assertIn("STORED", lines[0])
        self.assertTrue(lines[2].endswith("..."), lines)
        self.assertTrue(lines[1].endswith(" b"), lines)
        self.assertNotIn("brine:", "".join(lines))
        whole = self.lines("log", "a", columns=160)
        self.assertTrue(whole[2].endswith(" ".join(sorted(tags))), whole)

    def test_a_log_of_long_lines_stays_on_the_terminal(self):
        self.save("a-line-of-an-experiment-with-a-very-long-name", DANGEROUS, "--step", 12345678,
                  "--tag", "candidate")
        for columns in (64, 72, 80, 120):
            lines = self.lines("log", columns=columns)
            self.assert_within(lines[:2], columns)
            self.assertIn("a-li", lines[1])
            self.assertEqual("STORED" in lines[0], len(lines) == 2, lines)
            if len(lines) > 2:
                self.assertIn("columns are left out", lines[2])
        self.assertIn("a-line-of-an-experiment-with-a-very-long-name:1", self.ok("log"))


if __name__ == "__main__":
    unittest.main()
