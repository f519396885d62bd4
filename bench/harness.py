"""What the benchmarks share: a pickle that is dense in opcodes, and commands with their cost."""
import dataclasses
import os
import random
import sys
import time


class Row:
    """An instance of a class that brine knows nothing of: --trust harness:Row."""

    def __init__(self, number, pick):
        self.number = number
        self.left, self.right = pick.randrange(1000), pick.randrange(1000)
        self.value = pick.random()


def dense(rows):
    """Dicts, lists of small numbers, texts and instances: some 70 opcodes a row."""
    pick = random.Random(1)
    return [{"name": f"layer{i % 97}.weight", "shape": (pick.randrange(512), 3, 3), "step": i,
             "loss": pick.random(), "frozen": i % 3 == 0, "tags": ["a", "b"],
             "path": f"run/{i}/weights", "row": Row(i, pick),
             "scales": [pick.random() for _ in range(4)],
             "counts": [pick.randrange(1 << 20) for _ in range(6)]} for i in range(rows)]


@dataclasses.dataclass
class Cost:
    peak_mib: float
    wall_s: float
    cpu_s: float
    read_bytes: int  # by read(2) and its like, from the page cache too


def run(command, output=os.devnull):
    """Runs `command` with its standard output in `output`; wait4 counts this child alone."""
    words = [str(word) for word in command]
    begun = time.perf_counter()
    redirect = [(os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                 0o600)]
    child = os.posix_spawnp(words[0], words, os.environ, file_actions=redirect)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # leaves /proc for read_bytes
    wall_s = time.perf_counter() - begun
    bytes_read = read_bytes(child)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    return Cost(usage.ru_maxrss / 1024, wall_s, usage.ru_utime + usage.ru_stime, bytes_read)


def read_bytes(process="self"):
    with open(f"/proc/{process}/io", encoding="ascii") as file:
        return int(next(line.split()[1] for line in file if line.startswith("rchar")))
