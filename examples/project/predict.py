"""What runs in production: loads the newest network of the store and answers."""
import sys

import brine
import numpy as np

with np.load("held_out.npz") as held_out:
    images, labels, expected = (held_out[name] for name in ("images", "labels", "predictions"))

network = brine.open(sys.argv[1]).load("network")
predictions = network.predict(images)

print(f"class            {type(network).__module__}.{type(network).__name__}")
print(f"accuracy         {(predictions == labels).mean():.3f}")
print(f"same predictions {(predictions == expected).sum()} of {len(expected)}")
sys.exit(0 if (predictions == expected).all() else 1)
