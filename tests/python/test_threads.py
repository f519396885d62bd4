"""Threads, the GIL, forks, and Ctrl-C."""
import gc
import os
import signal
import threading
import time
import unittest

import brine
import numpy as np
from support import StoreCase


class Threads(StoreCase):
    def test_threads_save_to_one_store_at_the_same_time(self):
        failures = []

        def work(number):
            try:
                for step in range(5):
                    obj = {"by": number, "step": step, "w": np.full(200_000, number)}
                    self.store.save(obj, f"line{number % 2}", step=step)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        for line in ("line0", "line1"):
            self.assertEqual([each.seq for each in self.store.log(line)], list(range(10, 0, -1)))
        found = {(obj["by"], obj["step"]) for obj in map(self.store.load, self.store.log())}
        self.assertEqual(found, {(number, step) for number in range(4) for step in range(5)})

    def count_beside(self, body):
        """Returns how often another thread had its turn while `body` ran, and the seconds."""
        turns, done = 0, threading.Event()

        def count():
            nonlocal turns
            while not done.wait(0.002):
                turns += 1

        counter = threading.Thread(target=count)
        counter.start()
        start = time.perf_counter()
        try:
            body()
        finally:
            done.set()
            counter.join()
        return turns, time.perf_counter() - start

    def test_other_threads_run_while_the_library_works(self):
        array = np.random.default_rng(1).standard_normal(1 << 20)
        saved = self.store.save(array, "run", codec="bzip2:9")
        for body in (lambda: self.store.save(array, "run", codec="bzip2:9"),
                     lambda: self.store.load(saved), self.store.verify):
            turns, seconds = self.count_beside(body)
            # A turn takes 2 ms; a fiftieth of them leaves room for a busy machine.
            self.assertGreater(turns, seconds / 0.1, f"{turns} turns in {seconds:.2f} s")

    def test_a_busy_thread_does_not_starve_a_save(self):
        obj = [(index, str(index)) for index in range(400_000)]  # small frames only, 7 MiB
        busy = threading.Event()

        def spin():
            while not busy.is_set():
                sum(range(1000))

        thread = threading.Thread(target=spin)
        thread.start()
        try:
            start = time.perf_counter()
            self.store.save(obj, "run", codec="none")
            elapsed = time.perf_counter() - start
        finally:
            busy.set()
            thread.join()
        self.assertLess(elapsed, 10)


class Forks(StoreCase):
    def in_child(self, body):
        """Runs `body` in a forked child and returns its exit code."""
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = body()
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_a_forked_child_is_refused_and_harms_nothing(self):
        self.store.save(1, "run")

        def child():
            for use in (self.store.log, lambda: self.store.save(2, "run"),
                        lambda: self.store.load("run")):
                try:
                    use()
                    return 2
                except brine.UsageError as error:
                    if "fork" not in str(error) or "brine.open" not in error.hint:
                        return 3
            self.store = None
            gc.collect()
            return 0

        self.assertEqual(self.in_child(child), 0)
        self.store.save(3, "run")
        self.assertEqual(len(self.store.log()), 2)

    def test_a_child_may_open_its_own(self):
        path = self.directory / "store"
        self.assertEqual(self.in_child(lambda: brine.open(path).save(1, "run").seq), 1)
        self.assertEqual(self.store.load("run"), 1)


class Interrupts(StoreCase):
    def test_ctrl_c_ends_a_save_and_leaves_nothing_behind(self):
        array = np.random.default_rng(1).integers(0, 255, 256 << 20, dtype="u1")
        before = self.files()
        self.addCleanup(signal.signal, signal.SIGALRM, signal.getsignal(signal.SIGALRM))
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with self.assertRaises(KeyboardInterrupt):
            self.store.save(array, "run", codec="bzip2:9")
        self.assertEqual(self.files(), before)
        self.assertEqual(self.store.log(), [])


if __name__ == "__main__":
    unittest.main()
