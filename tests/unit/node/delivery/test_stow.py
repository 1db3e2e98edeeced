"""STOW-RS answers, object by object."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from node.delivery.objects import Outgoing
from node.delivery.stow import Stow, receipt
from node.errors import TransientDeliveryError
from node.settings import StowDestination

ITEM = Outgoing(7, Path("x.dcm"), "1.2", "1.2.3")


def item(uid: str = "1.2.3", reason: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"00081155": {"vr": "UI", "Value": [uid]}}
    return found if reason is None else {**found, "00081197": {"vr": "US", "Value": [reason]}}


def failed(*items: dict[str, Any]) -> dict[str, Any]:
    return {"00081198": {"vr": "SQ", "Value": list(items)}}


STORED = {"00081199": {"vr": "SQ", "Value": [item()]}}


@pytest.mark.parametrize(
    ("status", "body", "verdict", "text"),
    [
        (200, STORED, "delivered", None),
        (200, None, "delivered", None),
        (202, STORED, "delivered", "HTTP 202 Accepted"),
        (202, {}, "deferred", "HTTP 202 Accepted, without a word on the object"),
        (202, failed(item(reason=0xA700)), "deferred", "status 0xA700: HTTP 202 Accepted"),
        (200, failed(item(reason=0x0122)), "unsupported", "status 0x0122: HTTP 200 OK"),
        (200, failed(item()), "deferred", "status 0x0110: HTTP 200 OK"),
        (200, failed(item("9.9", 0x0122)), "delivered", None),
        (409, failed(item(reason=0xC000)), "refused", "status 0xC000: HTTP 409 Conflict"),
        (409, failed({"00081197": {"Value": [0xC000]}}), "refused", "status 0xC000: HTTP 409 Conflict"),
        (409, failed(item(reason=0xA900)), "unsupported", "status 0xA900: HTTP 409 Conflict"),
        (409, None, "refused", "HTTP 409 Conflict"),
        (409, ["?"], "refused", "HTTP 409 Conflict"),
        (503, None, "deferred", "HTTP 503 Service Unavailable"),
        (429, None, "deferred", "HTTP 429 Too Many Requests"),
    ],
)
def test_an_answer_is_judged(status: int, body: object, verdict: str, text: str | None) -> None:
    found = receipt(ITEM, httpx.Response(status, json=body) if body is not None else httpx.Response(status))
    assert found is not None
    assert (found.delivery_id, found.verdict, found.text) == (7, verdict, text)


@pytest.mark.parametrize("status", [301, 401, 403, 404, 405])
def test_an_answer_that_is_about_the_service_says_nothing_of_the_object(status: int) -> None:
    assert receipt(ITEM, httpx.Response(status)) is None


def test_a_ca_that_cannot_be_used_is_worth_another_attempt(tmp_path: Path) -> None:
    to = StowDestination(name="web", kind="stow-rs", url="https://127.0.0.1:9", ca=tmp_path / "none.pem")
    with pytest.raises(TransientDeliveryError, match=r"web: ca .*none.pem cannot be used: No such file"):
        list(Stow(to).send([ITEM]))
    assert "none.pem cannot be used" in (Stow(to).reach() or "")
