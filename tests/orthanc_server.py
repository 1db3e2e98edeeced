"""A real Orthanc with the configuration of `orthanc/`, and the ways in which results are fetched from it."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from pydicom import Dataset, dcmread

CONFIGURATION = Path(__file__).parents[1] / "orthanc"
DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
AET, DICOM_PORT, HTTP_PORT = "ORTHANC", 4242, 8042
NODE_AET, NODE_PORT = "LUMBARNODE", 11112
READER_AET, READER_PORT = "READER", 11113


def missing() -> str | None:
    """Return why Orthanc cannot be started, or None."""
    if shutil.which("Orthanc", path=_path()) is None:
        return "no Orthanc (Debian: orthanc)"
    return None if DICOMWEB.exists() else f"no {DICOMWEB} (Debian: orthanc-dicomweb)"


@dataclass(frozen=True)
class Orthanc:
    """A running Orthanc."""

    http: httpx.Client
    process: "subprocess.Popen[bytes]"
    log: Path

    def get(self, path: str, **params: Any) -> Any:
        """Return a REST resource."""
        answer = self.http.get(path, params=params)
        answer.raise_for_status()
        return answer.json()

    def find(self, level: str, **query: str) -> list[str]:
        """Return Orthanc's identifiers of what matches: `find("Instance", Modality="SEG")`."""
        body = {"Level": level, "Query": query}
        return list(self.http.post("/tools/find", json=body).raise_for_status().json())

    def instances(self, **query: str) -> list[Dataset]:
        """Return instances by REST."""
        found = self.find("Instance", **query)
        return [_read(self.http.get(f"/instances/{one}/file").raise_for_status().content) for one in found]

    def upload(self, path: Path) -> None:
        """Store a file by REST, as Orthanc Explorer does."""
        self.http.post("/instances", content=path.read_bytes()).raise_for_status()

    def wado_rs(self, study: str, series: str, instance: str) -> Dataset:
        """Retrieve an instance (PS3.18 10.4)."""
        answer = self.http.get(
            f"/dicom-web/studies/{study}/series/{series}/instances/{instance}",
            headers={"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'},
        ).raise_for_status()
        head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
        (part,) = message_from_bytes(head + answer.content).get_payload()
        return _read(part.get_payload(decode=True))

    def wait_for(self, condition: Callable[["Orthanc"], Any], seconds: float, what: str) -> Any:
        """Ask until the answer is true, and return it; fail with Orthanc's log after `seconds`."""
        deadline = time.monotonic() + seconds
        while not (found := condition(self)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{what}: not within {seconds} s\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)
        return found


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Orthanc]:
    """Start Orthanc in this network namespace, its storage in `folder`, and stop it afterwards."""
    storage, log = folder / "storage", folder / "orthanc.log"
    storage.mkdir(parents=True)
    variables = {"ORTHANC_STORAGE": str(storage), "PATH": _path(), "LANG": "C.UTF-8", **environment}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            ["Orthanc", str(CONFIGURATION / "orthanc.json")],
            env={**os.environ, **variables},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{HTTP_PORT}", trust_env=False, timeout=60) as http:
            orthanc = Orthanc(http, process, log)
            orthanc.wait_for(_answers, 30, "Orthanc's start")
            yield orthanc
    finally:
        process.terminate()
        process.wait(30)


def _answers(orthanc: Orthanc) -> bool:
    try:
        return orthanc.http.get("/system").is_success
    except httpx.TransportError:
        return False


def _read(data: bytes) -> Dataset:
    return dcmread(BytesIO(data))


def _path() -> str:
    """Debian puts Orthanc into /usr/sbin, which is not on everybody's path."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin"
