"""How times, sizes and UIDs are written."""

from datetime import UTC, datetime, timedelta

import pytest

from node.web import filters

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (172800, "2 d"), (-5, "0 s")],
)
def test_ago(seconds: int, text: str) -> None:
    assert filters.ago(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (1 << 40, "1024.0 GiB")]
)
def test_size(count: int, text: str) -> None:
    assert filters.size(count) == text


def test_short_keeps_the_end_that_tells_uids_apart() -> None:
    assert filters.short("1.2.840.10008.123456789012") == "…123456789012"
    assert filters.short("1.2.3") == "1.2.3"


def test_status_is_written_as_in_the_standard() -> None:
    assert filters.status(0xA700) == "A700"
    assert filters.status(0x0122) == "0122"


def test_risk_that_cannot_be_evaluated_says_why() -> None:
    prediction = {"target": "pain", "probability": None, "reasons": [{"code": "SERIES_MISSING", "text": ""}]}
    assert filters.risk(prediction) == "pain not evaluable: SERIES_MISSING"
