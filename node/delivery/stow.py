"""Results by STOW-RS (PS3.18 10.5): one request per object, so that each has its own answer."""

import ssl
from collections.abc import Generator, Sequence
from uuid import uuid4

import httpx

from node.delivery.objects import Outgoing, Receipt
from node.errors import TransientDeliveryError
from node.settings import Destination

FAILED_SOP_SEQUENCE, FAILURE_REASON = "00081198", "00081197"
#: what a repetition may change: no answer in time, too many requests, trouble of the server's own
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 507})


class Stow:
    """A DICOMweb server as a destination.

    Parameters
    ----------
    destination : Destination
        `url` is the root of the service: objects go to <url>/studies.
    _ae_title : str
        Not needed.
    """

    def __init__(self, destination: Destination, _ae_title: str) -> None:
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
        except httpx.HTTPError as error:
            return f"cannot be reached: {error}"
        return None if answer.is_success else f"answers {answer.status_code} {answer.reason_phrase}"

    @property
    def _root(self) -> str:
        return self._destination.url.rstrip("/")

    def _client(self) -> httpx.Client:
        to = self._destination
        headers = {"Accept": "application/dicom+json"}
        if to.token is not None:
            headers["Authorization"] = f"Bearer {to.token.get_secret_value()}"
        login = (to.user, to.password.get_secret_value()) if to.user and to.password else None
        verify = ssl.create_default_context(cafile=str(to.ca) if to.ca else None)
        return httpx.Client(headers=headers, auth=login, verify=verify, timeout=to.timeout_s, trust_env=False)

    def _post(self, client: httpx.Client, item: Outgoing) -> Receipt:
        try:
            data = item.path.read_bytes()
        except OSError as error:
            text = f"{item.path.name} cannot be read: {error.strerror}"
            return Receipt(item.delivery_id, "refused", text)
        boundary = uuid4().hex
        head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        body = head + data + f"\r\n--{boundary}--\r\n".encode()
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        try:
            answer = client.post(f"{self._root}/studies", content=body, headers={"Content-Type": kind})
        except httpx.HTTPError as error:
            name = self._destination.name
            raise TransientDeliveryError(f"{name}: {self._root} cannot be reached: {error}") from None
        return receipt(item.delivery_id, answer)


def receipt(delivery_id: int, answer: httpx.Response) -> Receipt:
    """Judge the answer to one object (PS3.18 10.5.3): 200 stored, 202 with warnings, 409 refused."""
    text = f"HTTP {answer.status_code} {answer.reason_phrase}"
    if answer.is_success:
        reason = _failure(answer)
        if reason is None:
            return Receipt(delivery_id, "delivered", None if answer.status_code == 200 else text, "stow-rs")
        return Receipt(delivery_id, "refused", f"{text}, failure reason {reason}")
    if answer.status_code in TRANSIENT:
        return Receipt(delivery_id, "deferred", text)
    reason = _failure(answer)
    return Receipt(delivery_id, "refused", text + (f", failure reason {reason}" if reason else ""))


def _failure(answer: httpx.Response) -> str | None:
    """Return the failure reason of the object as 0x…; None if the answer lists no failure."""
    try:
        failed = answer.json()[FAILED_SOP_SEQUENCE]["Value"]
        return f"0x{int(failed[0][FAILURE_REASON]['Value'][0]):04X}"
    except (ValueError, KeyError, IndexError, TypeError):
        return None
