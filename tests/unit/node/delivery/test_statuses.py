"""What a status means."""

import pytest

from node.delivery import statuses


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (0x0000, "delivered"),
        (0xB006, "delivered"),
        (0xB007, "delivered"),
        (0x0107, "delivered"),
        (0xA701, "deferred"),
        (0x0110, "deferred"),
        (0xFE00, "deferred"),
        (0xA901, "unsupported"),
        (0x0122, "unsupported"),
        (0xCFFF, "refused"),
        (0x0124, "refused"),
    ],
)
def test_the_table_of_statuses(status: int, verdict: str) -> None:
    assert statuses.verdict(status) == verdict


def test_a_receipt_says_what_was_answered_unless_it_was_success() -> None:
    assert statuses.receipt(1, 0x0000).text is None
    assert statuses.receipt(1, 0xA700, "disk full").text == "status 0xA700: disk full"
