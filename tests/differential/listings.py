"""Listings beside those of pickletools.dis."""
import io
import os
import pickletools
import struct
import subprocess
import sys
import tempfile
import unittest
import warnings

TOOL = os.environ["DIS_TOOL"]
# The facts are those of Python 3.11; others differ in texts that nobody prints often.
REFERENCE = sys.version_info[:2] == (3, 11)


def expected(payload):
    """What pickletools prints of the first pickle, and whether it fails."""
    out = io.StringIO()
    try:
        pickletools.dis(io.BytesIO(payload), out)
    except Exception:  # it raises many kinds
        return out.getvalue().encode(), True
    return out.getvalue().encode(), False


def listings(payloads):
    """What the tool prints, and whether it fails, of each."""
    with tempfile.NamedTemporaryFile() as batch:
        for payload in payloads:
            batch.write(struct.pack("<I", len(payload)) + payload)
        batch.flush()
        output = subprocess.run([TOOL, batch.name], stdout=subprocess.PIPE, check=True).stdout
    view = io.BytesIO(output)
    while header := view.read(5):
        length, failed = struct.unpack("<IB", header)
        yield view.read(length), bool(failed)


def first_difference(ours, theirs):
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b),
              min(len(ours), len(theirs)))
    return f"at {at}: {ours[max(0, at - 60):at + 60]!r}, not {theirs[max(0, at - 60):at + 60]!r}"


@unittest.skipUnless(REFERENCE, "listings are those of Python 3.11")
class ListingCase(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore", DeprecationWarning)  # of escapes that are none

    def check(self, payloads, names=None):
        """Requires equal listings and returns how many of the pickles are whole."""
        payloads, whole = list(payloads), 0
        results = list(listings(payloads))
        self.assertEqual(len(results), len(payloads))
        for number, (payload, (ours, failed)) in enumerate(zip(payloads, results)):
            theirs, fails = expected(payload)
            what = names[number] if names else payload[:400]
            if ours != theirs:
                self.fail(f"{what!r}: {first_difference(ours, theirs)}")
            self.assertEqual(failed, fails, what)
            whole += not fails
        return whole
