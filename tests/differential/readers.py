"""What the two readers make of a pickle: CPython's C unpickler and the machine of brine."""
import collections
import copyreg
import io
import itertools
import os
import pickle
import pickletools
import struct
import subprocess
import tempfile

TOOL = os.environ["PICKLE_TOOL"]
LARGEST_INDEX = 1 << 20  # of a PUT: the C unpickler makes its memo as large

# `symbols`: how often each pair of module and name is looked up.
Reading = collections.namedtuple("Reading", "accepts symbols reason")


class Inert:
    """Takes whatever is done to it."""

    def __new__(cls, *_, **__):
        return super().__new__(cls)

    def __init__(self, *_, **__):
        pass

    def __setstate__(self, _):
        pass

    def __setitem__(self, _, __):
        pass

    def append(self, *_):
        pass

    extend = add = append


class Stubbed:
    """Mixed into an unpickler: no name is imported, each stands for Inert."""

    def __init__(self, stream, unpickler):
        # Python 2 texts are decoded as Latin-1, which takes every byte.
        unpickler.__init__(self, stream, encoding="latin-1", buffers=itertools.repeat(b"buffer"))
        self.symbols = collections.Counter()

    def find_class(self, module, name):
        self.symbols[module, name] += 1
        return Inert

    def persistent_load(self, _):
        return Inert()


class Unpickler(Stubbed, pickle.Unpickler):
    def __init__(self, stream):
        super().__init__(stream, pickle.Unpickler)


class PythonUnpickler(Stubbed, pickle._Unpickler):
    def __init__(self, stream):
        super().__init__(stream, pickle._Unpickler)


def arguments_of(payload, *names):
    """Those of the opcodes of these names, as far as pickletools reads."""
    try:
        for code, argument, _ in pickletools.genops(payload):
            if code.name in names:
                yield argument
    except Exception:  # it raises many kinds
        return


def is_heavy(payload):
    """Whether the C unpickler would take gigabytes for it."""
    indexes = arguments_of(payload, "PUT", "LONG_BINPUT")
    return any(index > LARGEST_INDEX for index in indexes)


def load(payload, unpickler=Unpickler):
    """What CPython makes of it, or None where finding out costs too much."""
    if is_heavy(payload):
        return None
    extensions = set(arguments_of(payload, "EXT1", "EXT2", "EXT4"))
    for code in extensions:
        copyreg._inverted_registry.setdefault(code, ("extension", "code"))
    reader = unpickler(io.BytesIO(payload))
    try:
        reader.load()
        reason = ""
    except Exception as error:  # nearly every kind
        reason = f"{type(error).__name__}: {error}"
    del reader.symbols["extension", "code"]
    return Reading(not reason, reader.symbols, reason)


def in_batch(command, payloads):
    """The lines that the tool prints, one for each pickle."""
    with tempfile.NamedTemporaryFile() as file:
        for payload in payloads:
            file.write(struct.pack("<I", len(payload)) + payload)
        file.flush()
        done = subprocess.run([TOOL, command, file.name], capture_output=True, check=True)
    return done.stdout.decode().splitlines()


def judge(payloads):
    """What the machine makes of each."""
    for line in in_batch("judge", payloads):
        verdict, *symbols = line.split("\t")
        counts = collections.Counter()
        for symbol in symbols:
            count, *names = symbol.split(" ")
            counts[tuple(bytes.fromhex(name).decode() for name in names)] = int(count)
        yield Reading(verdict.startswith("complete"), counts, verdict)
