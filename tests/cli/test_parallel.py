"""Many commands on one store at once, and commands killed at any moment."""
import pickle
import random
import subprocess
import time
import unittest

from support import BRINE, CommandTest, clean_environment

WRITERS = 8
KILLS = 15
KILLED = -9


def payload(number: int) -> bytes:
    """Its own bytes for each save, of several blocks' worth of noise."""
    return pickle.dumps({"epoch": number, "noise": random.Random(number).randbytes(300_000)})


class ParallelTest(CommandTest):
    def start(self, *words):
        return subprocess.Popen([BRINE, *map(str, words)], cwd=self.path, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=clean_environment())

    def start_save(self, number, *options):
        file = self.file(f"input{number}.pkl", payload(number))
        return self.start("save", "run", file, "--step", number, *options)

    def end(self, process):
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def seqs(self):
        return sorted(s["seq"] for s in self.document("log", "run")["snapshots"])

    def check_loads(self, number):
        out = self.path / f"out{number}.pkl"
        self.ok("load", f"run@step={number}", "-o", out)
        self.assertEqual(out.read_bytes(), payload(number), f"step {number}")
        out.unlink()

    def test_parallel_saves_to_one_line_get_numbers_of_their_own(self):
        saves = [self.start_save(number) for number in range(WRITERS)]
        for code, _, err in [self.end(save) for save in saves]:
            self.assertEqual(code, 0, err)
        self.assertEqual(self.seqs(), list(range(1, WRITERS + 1)))
        for number in range(WRITERS):
            self.check_loads(number)
        self.assertEqual(self.document("verify")["problems"], [])

    def test_saves_during_reindex_are_all_kept(self):
        saves = []
        for number in range(WRITERS):
            saves.append(self.start_save(number))
            code, out, err = self.end(self.start("reindex"))
            self.assertEqual(code, 0, f"{out!r} {err!r}")
        while any(save.poll() is None for save in saves):
            self.ok("reindex")
        for code, _, err in [self.end(save) for save in saves]:
            self.assertEqual(code, 0, err)
        self.assertEqual(self.seqs(), list(range(1, WRITERS + 1)))
        for number in range(WRITERS):
            self.check_loads(number)
        self.assertEqual(self.document("verify")["problems"], [])

    def time_of_a_save(self):
        began = time.monotonic()
        self.assertEqual(self.end(self.start_save(0))[0], 0)
        return time.monotonic() - began

    def check_after_kill(self, acknowledged, context):
        verified = self.run_brine("verify", "--json")
        self.assertIn(verified.returncode, (0, 1), f"{context}: {verified.stdout!r}")
        for number in acknowledged:
            self.check_loads(number)

    def test_killed_saves_lose_nothing_that_was_acknowledged(self):
        moments = random.Random(20)
        usual = self.time_of_a_save()
        acknowledged = [0]
        for number in range(1, KILLS + 1):
            save = self.start_save(number)
            time.sleep(moments.uniform(0, 1.2 * usual))
            save.kill()
            code, out, err = self.end(save)
            self.assertIn(code, (0, KILLED), err)
            # What was said on standard output counts, even if the kill came before the exit.
            if code == 0 or b"\n" in out:
                acknowledged.append(number)
            self.check_after_kill(acknowledged[-2:], f"kill {number} of seed 20")
            following = 1000 + number
            self.assertEqual(self.end(self.start_save(following))[0], 0)
            acknowledged.append(following)
        self.check_after_kill(acknowledged, "all kills of seed 20")
        seqs = self.seqs()
        self.assertEqual(len(seqs), len(set(seqs)))


if __name__ == "__main__":
    unittest.main()
