"""STOW-RS over a real socket: who is at fault decides what becomes of an object."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from integration.delivery.conftest import Post
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO

LOGIN = f"Basic {b64encode(b'lumbar:secret').decode()}"


@dataclass
class Server:
    """What it answers in turn, (status, failure reason); then it stores."""

    port: int = 0
    answers: list[tuple[int, int | None]] = field(default_factory=list)
    login: str | None = None
    stored: list[str] = field(default_factory=list)


@contextmanager
def serving(**values: Any) -> Iterator[Server]:
    """Run a STOW-RS service on a free port."""
    server = Server(**values)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if server.login not in {None, self.headers["Authorization"]}:
                self._answer(401, {})
                return
            head, _, rest = body.partition(b"\r\n\r\n")
            boundary = head.split(b"\r\n")[0]
            found = dcmread(DicomBytesIO(rest.rsplit(b"\r\n" + boundary, 1)[0]))
            uid = {"00081155": {"vr": "UI", "Value": [found.SOPInstanceUID]}}
            status, reason = server.answers.pop(0) if server.answers else (200, None)
            if reason is not None:
                failed = {**uid, "00081197": {"vr": "US", "Value": [reason]}}
                self._answer(status, {"00081198": {"vr": "SQ", "Value": [failed]}})
                return
            if status == 200:
                server.stored.append(str(found.SOPInstanceUID))
            self._answer(status, {"00081199": {"vr": "SQ", "Value": [uid]}} if status == 200 else {})

        def _answer(self, status: int, found: object) -> None:
            data = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/dicom+json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        server.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        yield server
        listener.shutdown()
        thread.join()


def to(server: Server, **values: object) -> dict[str, object]:
    return {"kind": "stow-rs", "url": f"http://127.0.0.1:{server.port}/dicom-web", **values}


def test_objects_are_stored_one_by_one(post: Post) -> None:
    with serving(login=LOGIN) as server:
        outbox = post(to(server, user="lumbar", password="secret"), "seg", "risk_sr")
        outbox.run()
        assert server.stored == ["1.2.3.1.0", "1.2.3.1.1"]
    assert outbox.confirmed == [("delivered", "stow-rs")] * 2


def test_a_wrong_password_is_said_and_waited_for(post: Post) -> None:
    with serving(login=LOGIN) as server:
        outbox = post(to(server, user="lumbar", password="wrong"), "seg", "risk_sr")
        outbox.run()
        assert outbox.confirmed == [("pending", None)] * 2
        assert outbox.study.state == "delivering"
        assert "answers HTTP 401 Unauthorized; are user and password, or token, right?" in outbox.trouble
        assert "wrong" not in outbox.trouble
        server.login = f"Basic {b64encode(b'lumbar:wrong').decode()}"  # the other side was mistaken
        outbox.again()
    assert outbox.study.state == "done"


def test_a_conflict_is_final_and_a_failure_of_one_is_no_other_s(post: Post) -> None:
    with serving(answers=[(409, 0xC000), (200, None), (202, 0xA700)]) as server:
        outbox = post(to(server), "seg", "risk_sr", "measurement_sr")
        outbox.run()
        assert outbox.confirmed == [("refused", None), ("delivered", "stow-rs"), ("pending", None)]
        assert outbox.deliveries[0].error == "status 0xC000: HTTP 409 Conflict"
        outbox.again()
        assert server.stored == ["1.2.3.1.1", "1.2.3.1.2"]
    assert outbox.study.state == "failed"
    assert outbox.study.reason == "to: status 0xC000: HTTP 409 Conflict"


def test_a_server_in_trouble_is_waited_for(post: Post) -> None:
    with serving(answers=[(503, None)]) as server:
        outbox = post(to(server))
        outbox.run()
        assert "HTTP 503 Service Unavailable" in outbox.trouble
        outbox.again()
    assert outbox.confirmed == [("delivered", "stow-rs")]


def test_a_class_that_is_not_supported_falls_back(post: Post) -> None:
    with serving(answers=[(409, 0x0122)]) as server:
        outbox = post(to(server, fallback=True, send=["seg"]), "seg", "pdf")
        outbox.run()
        assert server.stored == ["1.2.3.1.1"]
    assert outbox.confirmed == [("refused", "fallback"), ("delivered", "stow-rs")]
    assert outbox.study.state == "done"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/dicom-web", "http://no-such-host.invalid/"])
def test_a_server_that_is_not_there_is_waited_for(post: Post, url: str) -> None:
    outbox = post({"kind": "stow-rs", "url": url})
    outbox.run()
    assert outbox.confirmed == [("pending", None)]
    assert f"to: {url.rstrip('/')} cannot be reached" in outbox.trouble
