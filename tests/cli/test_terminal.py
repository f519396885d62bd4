"""Colours, widths and the progress bar: on a terminal only, and as the user's environment says."""
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
import time
import unittest

from support import BRINE, SAFE, UNKNOWN, CommandTest, clean_environment


class TerminalTest(CommandTest):
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
        self.assertIn("try: brine load run -o FILE", shown)

    def test_a_terminal_is_no_checkpoint(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        done = subprocess.run([BRINE, "save", "run", "-"], cwd=self.path, stdin=slave,
                              capture_output=True, env=clean_environment(), timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"try: brine save run FILE", done.stderr)

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


if __name__ == "__main__":
    unittest.main()
