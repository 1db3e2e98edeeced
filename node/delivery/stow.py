"""Results by STOW-RS (PS3.18 10.5): one request per object, so that each has its own answer."""

from collections.abc import Generator, Sequence
from typing import Any
from uuid import uuid4

import httpx

from node.delivery import statuses
from node.delivery.objects import Outgoing, Receipt, unreadable
from node.errors import TransientDeliveryError
from node.settings import StowDestination
from node.webclient import client_of

FAILED, REFERENCED = "00081198", "00081199"  # FailedSOPSequence, ReferencedSOPSequence
INSTANCE, REASON = "00081155", "00081197"  # ReferencedSOPInstanceUID, FailureReason
#: trouble with this object and no other: refused for good
OF_THE_OBJECT = frozenset({400, 409, 413, 415, 422})
#: trouble with this object, or of the server's own for a moment
OF_THE_MOMENT = frozenset({408, 425, 429, 500, 502, 503, 504, 507})
LOGIN = frozenset({401, 403})
OK = 200
PROCESSING_FAILURE = 0x0110


class Stow:
    """A DICOMweb server as a destination.

    Parameters
    ----------
    destination : StowDestination
        `url` is the root of the service: objects go to <url>/studies.
    """

    def __init__(self, destination: StowDestination) -> None:
        self._destination = destination

    def send(self, objects: Sequence[Outgoing]) -> Generator[Receipt, None, None]:
        """Send objects over one connection; see `node.delivery.destinations.Destination`."""
        with self._client() as client:
            for item in objects:
                yield self._post(client, item)

    def reach(self) -> str | None:
        """Ask for one study; return what is in the way, or None."""
        try:
            with self._client() as client:
                answer = client.get(f"{self._root}/studies", params={"limit": "1"})
        except (httpx.HTTPError, TransientDeliveryError) as error:
            return f"cannot be reached: {error}"
        return None if answer.is_success else f"answers {_line(answer)}"

    @property
    def _root(self) -> str:
        return self._destination.url.rstrip("/")

    def _client(self) -> httpx.Client:
        to = self._destination
        try:
            return client_of(to, to.timeout_s)
        except OSError as error:
            raise self._trouble(f"ca {to.ca} cannot be used: {error.strerror or error}") from None

    def _trouble(self, what: str) -> TransientDeliveryError:
        return TransientDeliveryError(f"{self._destination.name}: {what}")

    def _post(self, client: httpx.Client, item: Outgoing) -> Receipt:
        try:
            data = item.path.read_bytes()
        except OSError as error:
            return Receipt(item.delivery_id, "refused", str(unreadable(item, error)))
        boundary = uuid4().hex
        head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        body = head + data + f"\r\n--{boundary}--\r\n".encode()
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        try:
            answer = client.post(f"{self._root}/studies", content=body, headers={"Content-Type": kind})
        except httpx.HTTPError as error:
            raise self._trouble(f"{self._root} cannot be reached: {error}") from None
        found = receipt(item, answer)
        if found is None:
            advice = "; are user and password, or token, right?" if answer.status_code in LOGIN else ""
            raise self._trouble(f"{self._root} answers {_line(answer)}{advice}")
        return found


def receipt(item: Outgoing, answer: httpx.Response) -> Receipt | None:
    """Judge the answer to one object (PS3.18 10.5.3); None if it is about the service, not the object.

    What the answer says of the object itself counts first: with a success there may be a failure of the
    object, and with 409 a reason that another attempt can change.
    """
    number, code = item.delivery_id, answer.status_code
    reason, stored = _said(answer, item.sop_instance_uid)
    if reason is not None:
        judged = statuses.receipt(number, reason, _line(answer))
        return judged if judged.verdict != "delivered" else Receipt(number, "refused", judged.text)
    if code == OK or (answer.is_success and stored):
        return Receipt(number, "delivered", None if code == OK else _line(answer), "stow-rs")
    if answer.is_success:  # 202: something is wrong, and there is no word on the object
        return Receipt(number, "deferred", f"{_line(answer)}, without a word on the object")
    if code in OF_THE_OBJECT:
        return Receipt(number, "refused", _line(answer))
    return Receipt(number, "deferred", _line(answer)) if code in OF_THE_MOMENT else None


def _line(answer: httpx.Response) -> str:
    return f"HTTP {answer.status_code} {answer.reason_phrase}"


def _said(answer: httpx.Response, uid: str) -> tuple[int | None, bool]:
    """Return the failure reason that the answer gives for an object, and whether it calls it stored."""
    try:
        body = answer.json()
        failed = {_uid(one): int(_value(one, REASON) or PROCESSING_FAILURE) for one in _items(body, FAILED)}
        stored = {_uid(one) for one in _items(body, REFERENCED)}
    except (ValueError, TypeError, AttributeError):  # no JSON, or not of the DICOM JSON model (PS3.18 F)
        return None, False
    # an object that could not be parsed has no UID to be named by; it was the only one
    return failed.get(uid, failed.get("")), uid in stored


def _items(body: Any, tag: str) -> list[Any]:
    return list(body.get(tag, {}).get("Value", []))


def _uid(item: Any) -> str:
    return str(_value(item, INSTANCE) or "")


def _value(item: Any, tag: str) -> Any:
    return next(iter(item.get(tag, {}).get("Value", [])), None)
