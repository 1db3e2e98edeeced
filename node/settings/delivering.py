"""Settings of where results go: a model per kind of destination, chosen by the key `kind`."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, SecretStr, Tag, model_validator

from node.settings.values import AETitle, Section

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


class CStoreDestination(Destination):
    """A Storage SCP (PS3.4 annex B)."""

    kind: Literal["c-store"] = "c-store"
    ae_title: AETitle
    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    tls: bool = False
    ca: Path | None = None  #: PEM; who signs the other side's certificate; None: the system's authorities
    certificate: Path | None = None  #: PEM, our own
    key: Path | None = None
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

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.tls and (self.ca or self.certificate or self.key):
            raise ValueError("ca, certificate and key need tls = true")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together")
        return self


class StowDestination(Destination):
    """A DICOMweb server (PS3.18 10.5)."""

    kind: Literal["stow-rs"]
    url: str = Field(pattern=r"^https?://")  #: of its root: objects go to <url>/studies
    ca: Path | None = None  #: PEM; who signs its certificate; None: the system's authorities
    user: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None  #: sent as a bearer token

    @property
    def address(self) -> str:
        """URL of the service."""
        return self.url

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if "@" in self.url:
            raise ValueError("url: put the login into user and password")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together")
        if self.token is not None and self.user is not None:
            raise ValueError("give token, or user and password, not both")
        return self


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
