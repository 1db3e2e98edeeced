"""Settings of where results go: a model per kind of destination, chosen by the key `kind`."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from node.settings.remote import RemoteEntity, WebService
from node.settings.values import Section

Kind = Literal["seg", "measurement_sr", "risk_sr", "pdf", "overlay"]
DEFAULT_KIND = "c-store"


class Destination(Section):
    """What every destination has."""

    name: str = Field(min_length=1, max_length=64)
    kind: str
    timeout_s: float = Field(default=30, gt=0)
    send: tuple[Kind, ...] = ("seg", "measurement_sr", "risk_sr", "pdf", "overlay")
    fallback: bool = False  #: pdf and overlay go where SEG or SR are refused, and the study does not fail
    retry_s: float = Field(default=30, ge=0)  #: first pause after a failure; doubles up to an hour
    max_attempts: int = Field(default=50, ge=1)

    @property
    def address(self) -> str:
        """Where it is, for people."""
        raise NotImplementedError


class CStoreDestination(RemoteEntity, Destination):
    """A Storage SCP (PS3.4 annex B)."""

    kind: Literal["c-store"] = "c-store"
    #: how a C-STORE's success is confirmed; what the destination does not offer falls back to the next weaker
    #: one. Not "storage-commitment" by default: a PACS that takes requests and, not knowing our address,
    #: never reports would leave every study undone
    commitment: Literal["none", "storage-commitment", "c-find"] = "none"
    #: for the report, before C-FIND is tried; and for C-FIND to find what was sent, before it is sent again
    commitment_wait_s: float = Field(default=10, ge=0)
    commitment_again_s: float = Field(default=86400, gt=0)  #: without a report, it is asked for anew

    @property
    def address(self) -> str:
        """AE title, host and port."""
        return f"{self.ae_title} @ {self.host}:{self.port}"


class StowDestination(WebService, Destination):
    """A DICOMweb server (PS3.18 10.5)."""

    kind: Literal["stow-rs"]

    @property
    def address(self) -> str:
        """URL of the service."""
        return self.url


class FolderDestination(Destination):
    """A folder of this machine."""

    kind: Literal["folder"]
    path: Path  #: objects become <path>/<study>/<instance>.dcm

    @property
    def address(self) -> str:
        """Path of the folder."""
        return str(self.path)


def _kind(value: Any) -> str:
    kind = value.get("kind", DEFAULT_KIND) if isinstance(value, dict) else getattr(value, "kind", "")
    return str(kind)


AnyDestination = Annotated[
    Annotated[CStoreDestination, Tag("c-store")]
    | Annotated[StowDestination, Tag("stow-rs")]
    | Annotated[FolderDestination, Tag("folder")],
    Discriminator(
        _kind,
        custom_error_type="unknown_kind",
        custom_error_message="kind is c-store, stow-rs or folder",
    ),
]
