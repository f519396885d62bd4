"""How much is compared: BRINE_FULL=1 asks for ten times as much."""
import os

TIMES = 10 if os.environ.get("BRINE_FULL") == "1" else 1
OBJECTS = 1700 * TIMES  # for each of 12 picklers
MUTATIONS = 100_000 * TIMES
