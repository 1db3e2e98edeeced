"""Settings of where results go."""

from typing import Annotated, Literal

from pydantic import Field

from node.settings.values import AETitle, Section


class Destination(Section):
    """Where results go."""

    name: str = Field(min_length=1, max_length=64)
    kind: Literal["c-store"] = "c-store"
    ae_title: AETitle
    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    timeout_s: float = Field(default=30, gt=0)
    send: tuple[Literal["seg", "measurement_sr", "risk_sr", "pdf", "overlay"], ...] = (
        "seg",
        "measurement_sr",
        "risk_sr",
        "pdf",
        "overlay",
    )
    retry_s: float = Field(default=30, ge=0)  #: first pause after a failure; doubles up to an hour
    max_attempts: int = Field(default=50, ge=1)
