"""How the other side is reached, whatever for: an application entity, or a DICOMweb server."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from node.settings.values import AETitle, Section


class RemoteEntity(Section):
    """A remote application entity that this node connects to, with or without TLS."""

    ae_title: AETitle
    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    tls: bool = False
    ca: Path | None = None  #: PEM; who signs the other side's certificate; None: the system's authorities
    certificate: Path | None = None  #: PEM, our own
    key: Path | None = None

    @model_validator(mode="after")
    def _tls_fits_together(self) -> Self:
        if not self.tls and (self.ca or self.certificate or self.key):
            raise ValueError("ca, certificate and key need tls = true")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together")
        return self


class WebService(Section):
    """A DICOMweb server (PS3.18)."""

    url: str = Field(pattern=r"^https?://")  #: of its root: studies are at <url>/studies
    ca: Path | None = None  #: PEM; who signs its certificate; None: the system's authorities
    user: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None  #: sent as a bearer token

    @model_validator(mode="after")
    def _login_fits_together(self) -> Self:
        if "@" in self.url:
            raise ValueError("url: put the login into user and password")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together")
        if self.token is not None and self.user is not None:
            raise ValueError("give token, or user and password, not both")
        return self
