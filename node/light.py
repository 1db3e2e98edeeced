"""Imports without what is never used: a receiver has 100 MiB to live in."""

import importlib
import sys
from types import ModuleType


def import_without(name: str, hidden: str) -> ModuleType:
    """Import a module that finds another one missing, which it would use if it were there.

    Parameters
    ----------
    name : str
        The module to import; if it has been imported before, nothing changes.
    hidden : str
        The package that is not there meanwhile.
    """
    kept = {key: module for key, module in sys.modules.items() if key.partition(".")[0] == hidden}
    for key in kept:
        del sys.modules[key]
    sys.modules[hidden] = None  # type: ignore[assignment]  # importlib's own sign for "there is none"
    try:
        return importlib.import_module(name)
    finally:
        del sys.modules[hidden]
        sys.modules.update(kept)
