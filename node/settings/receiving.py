"""Settings of what comes in: the receiver, and when a study is complete."""

from pydantic import Field

from node.settings.values import AETitle, Port, Section


class Peer(Section):
    """A remote application entity that may open associations."""

    ae_title: AETitle
    host: str | None = None  #: address it must come from; None: any


class Receiver(Section):
    """The Storage SCP."""

    ae_title: AETitle = "LUMBARNODE"
    host: str = "127.0.0.1"
    port: Port = 11112  #: 0: any free port, published in <data_dir>/run/receiver.json
    require_called_ae: bool = True
    peers: tuple[Peer, ...] = ()  #: empty: any calling AE
    max_associations: int = Field(default=64, ge=1)
    max_pdu: int = Field(default=131072, ge=4096)
    network_timeout_s: float = Field(default=60, gt=0)
    min_free_bytes: int = Field(default=1 << 30, ge=0)  #: less than this free: 0xA700


class Completeness(Section):
    """When a study counts as complete."""

    quiet_s: float = Field(default=60, ge=0)  #: after the newest instance
    release_s: float = Field(default=10, ge=0)  #: after the last association that brought it has ended
