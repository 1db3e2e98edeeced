"""Settings of where results go."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from node.settings.values import AETitle, Section

Kind = Literal["seg", "measurement_sr", "risk_sr", "pdf", "overlay"]

#: what a destination of each kind must name, and what only it may name
NEEDED = {"c-store": ("ae_title", "host", "port"), "stow-rs": ("url",), "folder": ("path",)}
OWN = {
    "c-store": ("ae_title", "host", "port", "tls", "certificate", "key", "commitment"),
    "stow-rs": ("url", "user", "password", "token"),
    "folder": ("path",),
}


class Destination(Section):
    """Where results go."""

    name: str = Field(min_length=1, max_length=64)
    kind: Literal["c-store", "stow-rs", "folder"] = "c-store"
    ae_title: AETitle = ""
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 0
    tls: bool = False
    ca: Path | None = None  #: PEM; who signs the other side's certificate; None: the system's authorities
    certificate: Path | None = None  #: PEM, our own for TLS
    key: Path | None = None
    #: how a C-STORE's success is confirmed; what the destination cannot do falls back to the next weaker one
    commitment: Literal["none", "storage-commitment", "c-find"] = "none"
    commitment_wait_s: float = Field(default=10, ge=0)  #: for the report, before C-FIND is tried
    url: str = Field(default="", pattern=r"^https?://")  #: of the DICOMweb root
    user: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None  #: sent as a bearer token
    path: Path | None = None  #: where objects are written: <path>/<study>/<instance>.dcm
    timeout_s: float = Field(default=30, gt=0)
    send: tuple[Kind, ...] = ("seg", "measurement_sr", "risk_sr", "pdf", "overlay")
    retry_s: float = Field(default=30, ge=0)  #: first pause after a failure; doubles up to an hour
    max_attempts: int = Field(default=50, ge=1)

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        given = self.model_fields_set
        lacking = [key for key in NEEDED[self.kind] if key not in given]
        if lacking:
            raise ValueError(f"kind {self.kind!r} needs {', '.join(lacking)}")
        foreign = [key for kind, keys in OWN.items() if kind != self.kind for key in keys]
        strange = [key for key in foreign if key in given and key not in OWN[self.kind]]
        if strange:
            raise ValueError(f"kind {self.kind!r} has no {', '.join(strange)}")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together")
        return self
