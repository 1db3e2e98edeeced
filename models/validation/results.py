"""Results that survive a kill: one file each, checked by its digest when it is read again."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Result = dict[str, Any]


class Results:
    """Finished results in a folder of their own.

    Parameters
    ----------
    folder : Path
        Made when the first result is kept.
    key : str
        Digest of everything that a result depends on; results of another key are not looked at.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder / key[:16]

    def find(self, name: str) -> Result | None:
        """Give a result, or None if there is none or its file is damaged."""
        try:
            kept = json.loads(self._path(name).read_text(encoding="utf-8"))
            found: Result = kept["result"]
            return found if kept["sha256"] == _digest(found) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None  # it is made anew, and the file replaced

    def keep(self, name: str, result: Result) -> Result:
        """Write a result, whole or not at all, and give it as it will be read."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_text(json.dumps({"sha256": _digest(result), "result": result}), encoding="utf-8")
        part.replace(path)
        return self.find(name) or result

    def _path(self, name: str) -> Path:
        return self._folder / f"{name.replace(' ', '-')}.json"


def key_of(parts: Mapping[str, Any]) -> str:
    """Give the digest of what results depend on."""
    return _digest(parts)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
