"""How the pages write times, sizes, UIDs and risks."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

#: words for the kinds of result objects
KINDS = {
    "seg": "Segmentation",
    "measurement_sr": "Measurements (SR)",
    "risk_sr": "Risk (SR)",
    "pdf": "Report (PDF)",
    "overlay": "Overlay",
}


def ago(at: datetime, now: datetime | None = None) -> str:
    """Return how long ago `at` was: "12 s", "3 min", "5 h", "2 d"."""
    seconds = max(0, int(((now or datetime.now(UTC)) - at).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def clock(at: datetime) -> str:
    """Return `at` in UTC: "2026-03-01 14:05:09"."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def size(count: int) -> str:
    """Return a number of bytes: "812 B", "3.4 MiB"."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def short(uid: str, keep: int = 12) -> str:
    """Return the end of a UID, which tells UIDs of one root apart."""
    return uid if len(uid) <= keep + 1 else f"…{uid[-keep:]}"


def kind(name: str) -> str:
    """Return the words for a kind of result."""
    return KINDS.get(name, name)


def status(code: int) -> str:
    """Return a DIMSE status as PS3.7 writes it: "A700"."""
    return f"{code:04X}"


def risk(prediction: Mapping[str, Any]) -> str:
    """Return a prediction in a line: "asdeg 81 %, uncertain" or "pain not evaluable: SERIES_MISSING"."""
    target, probability = prediction["target"], prediction["probability"]
    if probability is None:
        reasons = ", ".join(reason["code"] for reason in prediction["reasons"])
        return f"{target} not evaluable: {reasons}"
    return f"{target} {100 * probability:.0f} %, {prediction['category']}"


def answer(told: Mapping[str, Any]) -> str:
    """Return a model's answer in a line: "81 %, high", "not evaluable: SERIES_MISSING", or "–" for none."""
    if not told:
        return "–"
    if told["probability"] is None:
        codes = ", ".join(reason["code"] for reason in told["reasons"])
        return f"{told['status'].replace('_', ' ')}: {codes}"
    return f"{100 * told['probability']:.0f} %, {told['category']}"


FILTERS: dict[str, Callable[..., Any]] = {
    "ago": ago,
    "clock": clock,
    "size": size,
    "short": short,
    "kind": kind,
    "status": status,
    "risk": risk,
    "answer": answer,
}
