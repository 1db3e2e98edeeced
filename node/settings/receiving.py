"""Settings of the receiver."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from node.settings.values import AETitle, Port, Section


class Peer(Section):
    """A remote application entity that may open associations."""

    ae_title: AETitle
    host: str | None = None  #: address it must come from; None: any
    #: where it listens itself, for what this node has to tell it later; None: nowhere
    port: Port | None = None

    @model_validator(mode="after")
    def _port_needs_host(self) -> Self:
        if self.port is not None and self.host is None:
            raise ValueError(f"peer {self.ae_title}: port needs host")
        return self


class Tls(Section):
    """How the receiver speaks TLS."""

    port: Port = 2762  #: IANA's dicom-tls; 0: any free port, published in <data_dir>/run/receiver.json
    certificate: Path  #: PEM, with its chain
    key: Path  #: PEM, not encrypted
    client_ca: Path | None = None  #: PEM; who signs the clients' certificates
    client_certificates: Literal["none", "optional", "required"] = "none"

    @model_validator(mode="after")
    def _verified_by_somebody(self) -> Self:
        if self.client_certificates != "none" and self.client_ca is None:
            raise ValueError(f"client_certificates = {self.client_certificates!r} needs client_ca")
        return self


class Priority(Section):
    """Whose studies are analysed before or after others, whatever priority their C-STORE requests name."""

    calling_ae: AETitle | None = None
    modality: str | None = None
    value: Annotated[int, Field(ge=-1, le=2)]  #: 2 before 1 (STAT) before 0 before -1

    @model_validator(mode="after")
    def _says_whose(self) -> Self:
        if self.calling_ae is None and self.modality is None:
            raise ValueError("name calling_ae, modality, or both")
        return self


class Receiver(Section):
    """The Storage SCP."""

    ae_title: AETitle = "LUMBARNODE"
    host: str = "127.0.0.1"
    port: Port = 11112  #: 0: any free port, published in <data_dir>/run/receiver.json
    plain: bool = True  #: listen without TLS too
    tls: Tls | None = None
    require_called_ae: bool = True
    peers: tuple[Peer, ...] = ()  #: empty: any calling AE
    max_associations: int = Field(default=64, ge=1)
    #: associations of one address; None: no limit of its own
    max_per_host: int | None = Field(default=None, ge=1)
    priorities: tuple[Priority, ...] = ()
    max_pdu: int = Field(default=131072, ge=4096)
    network_timeout_s: float = Field(default=60, gt=0)
    min_free_bytes: int = Field(default=1 << 30, ge=0)  #: less than this free: 0xA700

    def listening(self, ae_title: str) -> Peer | None:
        """Return the peer of this title that can be called: one whose port is known."""
        return next((peer for peer in self.peers if peer.ae_title == ae_title and peer.port), None)

    @model_validator(mode="after")
    def _listens_somewhere(self) -> Self:
        if not self.plain and self.tls is None:
            raise ValueError("plain = false needs [receiver.tls], else nothing is listened on")
        return self
