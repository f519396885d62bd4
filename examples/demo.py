#!/usr/bin/env python3
"""The story of brine in four acts. Start it with examples/demo, which builds brine first."""
import json
import os
import pathlib
import pickle
import shutil
import sys
import tempfile
import time

import demo_stage as stage
from demo_stage import Failed, act, bar, bold, dim, require, run, size, tell

EPOCHS = 6
CODECS = ("none", "gzip:6", "bzip2:9", "xz:6", "zstd:3", "zstd:19")
PROJECT = pathlib.Path(__file__).parent / "project"

TABLE = """\
[table]
name    = "shop"
version = 1
title   = "models.py split into a package of nets"

[[symbol]]
from = "shop.models:Network"
to   = "shop.nets.mlp:Network"
"""


def load_digits():
    """1,797 real handwritten digits that come with scikit-learn; a third is held out."""
    import numpy as np
    from sklearn.datasets import load_digits as digits

    images, labels = digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    return images[:1200], labels[:1200], images[1200:], labels[1200:]


def grow_forest(data):
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(n_estimators=0, warm_start=True, random_state=0)
    for _ in range(EPOCHS):
        forest.n_estimators += 20
        forest.fit(*data[:2])
        yield forest


def train_network(data):
    from shop.models import Network

    network = Network(inputs=64, hidden=384, outputs=10)
    for epoch in range(EPOCHS):
        network.train_epoch(*data[:2], seed=epoch)
        yield network


def accuracy_of(model, data):
    return float((model.predict(data[2]) == data[3]).mean())


def save_epochs(store, line, models, data, last_tags=()):
    """Saves every model that comes, prints a row for each, and returns the last."""
    print(f"\n  {bold(line)}\n" + dim("  epoch  accuracy                         payload"
                                      "      stored    saved in"))
    for epoch, model in enumerate(models, 1):
        accuracy = accuracy_of(model, data)
        start = time.perf_counter()
        saved = store.save(model, line, step=epoch, metrics={"accuracy": accuracy},
                           tags=last_tags if epoch == EPOCHS else ())
        elapsed = (time.perf_counter() - start) * 1000
        print(f"  {saved.seq:5}     {accuracy:.3f}  {bar((accuracy - 0.5) * 2, 20)}"
              f"{size(saved.payload_bytes):>10}  {size(saved.stored_bytes):>10}"
              f"  {elapsed:7.0f} ms")
    return model


def train(store, data):
    act(1, "Two models train; every epoch is kept",
        "A random forest and a small neural network learn to read handwritten digits. After "
        "each epoch, one line of Python keeps it: store.save(model, \"forest\", step=epoch, "
        "metrics={...}). When it returns, the snapshot is checked, catalogued and on disk.")
    forest = save_epochs(store, "forest", grow_forest(data), data, last_tags=("final",))
    network = save_epochs(store, "network", train_network(data), data)
    lines = [snapshot.line for snapshot in store.log()]
    same = store.load("forest@final").predict(data[2]) == forest.predict(data[2])
    best = max(snapshot.metrics["accuracy"] for snapshot in store.log("network"))
    found = store.load("network@best(accuracy)")
    require((sorted(lines) == ["forest"] * EPOCHS + ["network"] * EPOCHS,
             f"{2 * EPOCHS} snapshots of 2 lines are in the log"),
            (same.all(), "the last forest, loaded again, predicts what it predicted"),
            (accuracy_of(found, data) == best, "network@best(accuracy) is the best network"))
    return forest, network


def compare(directory, name, model):
    import brine

    store = brine.open(directory / f"codecs-{name}", create=True)
    print(f"\n  {bold(name)}\n" + dim("  codec         stored   ratio" + " " * 34 + "saved in"))
    rows = {}
    for codec in CODECS:
        start = time.perf_counter()
        saved = store.save(model, codec.replace(":", "-"), codec=codec)
        rows[codec] = saved.stored_bytes
        ratio = saved.payload_bytes / saved.stored_bytes
        elapsed = (time.perf_counter() - start) * 1000
        share = saved.stored_bytes / saved.payload_bytes
        print(f"  {codec:8}  {size(saved.stored_bytes):>10}  {ratio:5.1f}x  {bar(share, 30)}"
              f"  {elapsed:7.0f} ms")
    return rows


def compress(directory, forest, network):
    act(2, "What each codec makes of them",
        "The bar is what is left of the pickle. A forest is thousands of small tables and "
        "shrinks well; trained weights are nearly noise, and no codec does much for them.")
    for name, model in (("forest", forest), ("network", network)):
        rows = compare(directory, name, model)
        require((rows["zstd:3"] < rows["none"], f"zstd:3 makes the {name} smaller"))


def move_class(directory):
    """The refactor: shop/models.py becomes shop/nets/mlp.py."""
    nets = directory / "shop" / "nets"
    nets.mkdir()
    (nets / "__init__.py").touch()
    (directory / "shop" / "models.py").rename(nets / "mlp.py")


def refactor(directory, data, network):
    import numpy as np

    act(3, "The class moves, and the old snapshots still load",
        "Months later, shop/models.py is split up: Network now lives in shop/nets/mlp.py. "
        "Every pickle of it still says shop.models.")
    np.savez(directory / "held_out.npz", images=data[2], labels=data[3],
             predictions=network.predict(data[2]))
    (directory / "network.pkl").write_bytes(pickle.dumps(network))
    move_class(directory)
    python = {**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{directory}"}
    said = run("python3", "-c", "import pickle; pickle.load(open('network.pkl', 'rb'))",
               expect=1, directory=directory, environment=python, show=False)
    error = said.strip().splitlines()[-1]
    print(f"\n{bold('>>> pickle.load(file)')}\n{error}")
    require(("No module named 'shop.models'" in error, "plain pickle cannot load it"))

    tell("A migration table says where the name went. Nothing is executed and nothing on disk "
         "is rewritten: names are replaced in the opcodes while the snapshot loads.")
    (directory / "shop.toml").write_text(TABLE)
    run("cat", "shop.toml", directory=directory)
    run("brine", "migrate", "add", "shop.toml", directory=directory)
    plan = run("brine", "migrate", "plan", "network", directory=directory)
    require(("shop.nets.mlp" in plan, "the plan names the new home of Network"))
    answer = run("python3", "predict.py", ".brine", directory=directory, environment=python)
    require(("shop.nets.mlp.Network" in answer, "the old snapshot loads into the new class"),
            ("597 of 597" in answer, "and predicts exactly what it predicted before"))


def newest_pack(directory):
    packs = (path for path in (directory / ".brine" / "packs").rglob("*") if path.is_file())
    return max(packs, key=lambda path: path.stat().st_mtime_ns)


def damage(path):
    """Flips 64 bytes in the middle, as a failing disk might."""
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(byte ^ 0xFF for byte in data[middle : middle + 64])
    path.write_bytes(data)


def fall_back(directory):
    act(4, "The newest snapshot is damaged",
        "64 bytes in the middle of the newest pack are flipped, as a failing disk might do. By "
        "default brine hands over exactly what was asked for, or nothing:")
    damage(newest_pack(directory))
    run("brine", "load", "network", "-o", "served.pkl", expect=12, directory=directory)
    require((not (directory / "served.pkl").exists(), "exit code 12, and no file was written"))

    tell("Where serving yesterday's model beats serving none, ask for a fallback. It is the "
         "last known-good snapshot, and everybody is told: the exit code, the event log, and a "
         "command of yours that gets the story as JSON.")
    run("brine", "load", "network", "-o", "served.pkl", "--fallback", "--on-fallback",
        "cat > alert.json", expect=10, directory=directory)
    alert = json.loads((directory / "alert.json").read_text())
    print(f"\n{bold('alert.json')}")
    stage.quote(json.dumps(alert, indent=2))
    run("brine", "load", f"network:{EPOCHS - 1}", "-o", "asked.pkl", directory=directory,
        show=False)
    same = (directory / "served.pkl").read_bytes() == (directory / "asked.pkl").read_bytes()
    require((alert["event"] == "fallback" and alert["seq"] == EPOCHS - 1,
             f"exit code 10, and the alert says that epoch {EPOCHS - 1} was served"),
            (same, f"what was served is network:{EPOCHS - 1}, byte for byte"))
    log = run("brine", "log", "network", directory=directory)
    require((log.count("quarantined") == 1, "the damaged snapshot is in quarantine, no other"))


def main(keep):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="brine-demo-"))
    try:
        shutil.copytree(PROJECT, directory, dirs_exist_ok=True)
        os.chdir(directory)
        sys.path.insert(0, str(directory))
        import brine

        print(f"\n{bold('brine')}: small, verified, queryable, and every old pickle still loads.")
        data = load_digits()
        forest, network = train(brine.open(directory / ".brine", create=True), data)
        compress(directory, forest, network)
        refactor(directory, data, network)
        fall_back(directory)
        print(f"\n{bold('That was brine.')} Read on in README.md; `brine --help` lists the verbs.")
        if keep:
            print(f"The store of this demo is {directory}/.brine")
    finally:
        if not keep:
            shutil.rmtree(directory)


if __name__ == "__main__":
    started = time.monotonic()
    try:
        main(keep="--keep" in sys.argv[1:])
    except Failed as failure:
        sys.exit(f"\ndemo: this did not go as told: {failure}")
    print(stage.dim(f"({time.monotonic() - started:.0f} s)"))
