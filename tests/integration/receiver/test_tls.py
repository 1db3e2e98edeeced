"""TLS: dcmtk and plain sockets against a receiver with certificates made here."""

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from sqlalchemy import Engine

from node.errors import ConfigurationError
from node.receiver import Receiver
from node.settings import Settings

needs_dcmtk = pytest.mark.skipif(shutil.which("echoscu") is None, reason="no dcmtk (Debian: dcmtk)")


@dataclass(frozen=True)
class Papers:
    """PEM files of a site: its authority, a server and a client, and a client whom nobody knows."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path
    stranger: Path
    stranger_key: Path


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    authority, elsewhere = trustme.CA(), trustme.CA()
    made = {"ca": authority.cert_pem}
    for name, ca in (("server", authority), ("client", authority), ("stranger", elsewhere)):
        issued = ca.issue_cert("127.0.0.1", "localhost")
        made |= {name: issued.cert_chain_pems[0], f"{name}_key": issued.private_key_pem}
    for name, blob in made.items():
        blob.write_to_path(str(tmp_path / f"{name}.pem"))
    return Papers(**{name: tmp_path / f"{name}.pem" for name in made})


@pytest.fixture
def tls(papers: Papers, settings_of: Callable[..., Settings]) -> Callable[..., Settings]:
    """Return the maker of settings with TLS."""

    def make(client_certificates: str = "none", **changes: Any) -> Settings:
        given = {"port": 0, "certificate": papers.server, "key": papers.server_key, "client_ca": papers.ca}
        return settings_of(tls={**given, "client_certificates": client_certificates, **changes})

    return make


def _echo(port: int, papers: Papers, who: str | None, calling: str = "PEER") -> int:
    """Echo with dcmtk, with the certificate of `who`, or without one; return its exit status."""
    own = ["+tla"] if who is None else ["+tls", getattr(papers, f"{who}_key"), getattr(papers, who)]
    command = ["echoscu", *own, "+cf", papers.ca, "-aet", calling, "-aec", "LUMBARNODE", "-to", "10"]
    return subprocess.run([*map(str, command), "127.0.0.1", str(port)], check=False, timeout=60).returncode


@needs_dcmtk
def test_dcmtk_echoes_with_tls_and_without(
    tls: Callable[..., Settings], engine: Engine, papers: Papers
) -> None:
    given = tls()
    with Receiver(given, engine) as receiver:
        facts = json.loads((given.data_dir / "run" / "receiver.json").read_text())
        assert (facts["port"], facts["tls_port"]) == (receiver.port, receiver.tls_port)
        assert _echo(receiver.tls_port, papers, None) == 0
        plain = ["echoscu", "-aec", "LUMBARNODE", "127.0.0.1", str(receiver.port)]
        assert subprocess.run(plain, check=False, timeout=60).returncode == 0


@needs_dcmtk
@pytest.mark.parametrize(
    ("wanted", "who", "accepted"),
    [
        ("required", "client", True),
        ("required", "stranger", False),
        ("required", None, False),
        ("optional", None, True),
        ("optional", "stranger", False),
        ("none", "stranger", True),
    ],
)
def test_certificates_of_clients(
    tls: Callable[..., Settings], engine: Engine, papers: Papers, wanted: str, who: str | None, accepted: bool
) -> None:
    with Receiver(tls(wanted), engine) as receiver:
        assert (_echo(receiver.tls_port, papers, who) == 0) is accepted


@needs_dcmtk
def test_objects_come_through_tls_as_they_were_sent(
    tls: Callable[..., Settings],
    engine: Engine,
    papers: Papers,
    tmp_path: Path,
    data_set: Callable[..., bytes],
) -> None:
    sent = data_set("1.2.3.4.1", PixelData=bytes(range(256)) * 2048)
    given = tls("required")
    with Receiver(given, engine) as receiver:
        context = ssl.create_default_context(cafile=str(papers.ca))
        context.load_cert_chain(papers.client, papers.client_key)
        with socket.create_connection(("127.0.0.1", receiver.tls_port), 20) as plain:
            peer = _peer_over(context.wrap_socket(plain, server_hostname="localhost"))
            assert peer.store(sent, "1.2.3.4.1", piece=30_000) == 0x0000
            peer.release()
    (stored,) = (given.data_dir / "objects").rglob("*.dcm")
    assert stored.read_bytes().endswith(sent)


def test_no_plain_port_where_the_settings_say_so(
    tls: Callable[..., Settings], engine: Engine, settings_of: Callable[..., Settings]
) -> None:
    given = tls()
    receiver = given.receiver.model_copy(update={"plain": False})
    with Receiver(given.model_copy(update={"receiver": receiver}), engine) as running:
        assert running.tls_port > 0
        with pytest.raises(RuntimeError):
            _ = running.port


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1], ids=["1.0", "1.1"])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_versions_are_refused(
    tls: Callable[..., Settings], engine: Engine, version: ssl.TLSVersion
) -> None:
    with Receiver(tls(), engine) as receiver:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version
        with (
            socket.create_connection(("127.0.0.1", receiver.tls_port), 20) as plain,
            pytest.raises(ssl.SSLError),
        ):
            context.wrap_socket(plain)


@pytest.mark.parametrize("key", ["certificate", "key", "client_ca"])
def test_a_file_that_is_missing_or_no_certificate_is_named(
    tls: Callable[..., Settings], engine: Engine, tmp_path: Path, key: str
) -> None:
    missing = tmp_path / "missing.pem"
    with pytest.raises(ConfigurationError, match=rf"receiver\.tls\.{key}: .*missing\.pem cannot be read"):
        Receiver(tls(**{key: missing}), engine).start()
    missing.write_text("no certificate")
    with pytest.raises(ConfigurationError, match=r"receiver\.tls.*missing\.pem"):
        Receiver(tls(**{key: missing}), engine).start()


def _peer_over(stream: ssl.SSLSocket) -> Any:
    from dicom_peer import Peer

    class Wrapped(Peer):
        def connect(self) -> Any:
            return stream

    return Wrapped(0)
