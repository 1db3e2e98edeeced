"""Options of a segmenter as the settings give them: typed on the way out, complaints name the key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.errors import ModelError


class Options:
    """Reads options one by one; those never asked for are refused at the end.

    Parameters
    ----------
    values : mapping
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._known: list[str] = []

    def text(self, key: str) -> str | None:
        """Return a text, None where there is none."""
        self._known.append(key)
        value = self._values.get(key)
        if value is not None and (not isinstance(value, str) or not value):
            raise ModelError("SEGMENTER_OPTION", f"{key}: must be a text (given: {value!r})")
        return value

    def path(self, key: str) -> Path | None:
        """Return a path, None where there is none; whether it is there is the reader's business."""
        value = self.text(key)
        return Path(value) if value else None

    def required(self, key: str, what: str) -> Path:
        """Return a path that must be given; `what` says what of."""
        found = self.path(key)
        if found is None:
            raise ModelError("SEGMENTER_OPTION", f'{key}: missing; give {key} = "…", {what}')
        return found

    def refuse_others(self) -> None:
        """Refuse the options that nobody asked for."""
        others = sorted(set(self._values) - set(self._known))
        if others:
            allowed = ", ".join(self._known) or "none"
            raise ModelError(
                "SEGMENTER_OPTION", f"unknown option {', '.join(others)}; this segmenter takes: {allowed}"
            )
