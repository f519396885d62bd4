"""brine: a checkpoint store. Small, verified, queryable, and every old pickle in it still loads.

    store = brine.open("runs/.brine", create=True)
    store.save(model, "resnet", step=1200, metrics={"loss": 0.12})
    model = store.load("resnet@best(-loss)", fallback=True)
"""

from brine import errors as _errors
from brine import values as _values
from brine import _brine
from brine.errors import *
from brine.store import (FallbackWarning, PortabilityWarning, Store, checked as _checked,
                         open_store as open)
from brine.values import *

convert = _checked(_brine.convert, "convert")
reindex = _checked(_brine.reindex, "reindex")
scan = _checked(_brine.scan, "scan")
tensors = _checked(_brine.tensors, "tensors")
tree = _checked(_brine.tree, "tree")

__version__ = _brine.version()
__all__ = ["FallbackWarning", "PortabilityWarning", "Store", "convert", "open", "reindex", "scan",
           "tensors", "tree", *_errors.__all__, *_values.__all__]
