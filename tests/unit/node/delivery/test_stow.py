"""STOW-RS answers, object by object."""

import httpx
import pytest

from node.delivery.stow import receipt

FAILED = {"00081198": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [0x0122]}}]}}


@pytest.mark.parametrize(
    ("status", "body", "verdict", "text"),
    [
        (200, {}, "delivered", None),
        (202, {}, "delivered", "HTTP 202 Accepted"),
        (200, FAILED, "refused", "HTTP 200 OK, failure reason 0x0122"),
        (409, FAILED, "refused", "HTTP 409 Conflict, failure reason 0x0122"),
        (401, None, "refused", "HTTP 401 Unauthorized"),
        (503, None, "deferred", "HTTP 503 Service Unavailable"),
        (429, None, "deferred", "HTTP 429 Too Many Requests"),
    ],
)
def test_an_answer_is_judged(status: int, body: object, verdict: str, text: str | None) -> None:
    found = receipt(7, httpx.Response(status, json=body) if body is not None else httpx.Response(status))
    assert (found.delivery_id, found.verdict, found.text) == (7, verdict, text)
