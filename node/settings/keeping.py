"""Settings of what is kept, for how long, and what is recorded."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from node.settings.values import Port, Section


class Retention(Section):
    """What may be removed. By default nothing is."""

    days: float | None = Field(default=None, ge=0)  #: received objects go so long after the study's last one
    results_days: float | None = Field(default=None, ge=0)  #: our own objects; never before `days`
    min_free_gib: float | None = Field(default=None, gt=0)  #: less free: the oldest go before `days`
    delivered_only: bool = True  #: a study goes only if every destination has confirmed its results
    interval_s: float = Field(default=600, gt=0)  #: between two looks


class Audit(Section):
    """The audit trail."""

    enabled: bool = True
    syslog: str | None = Field(default=None, min_length=1)  #: host of a collector; None: the file alone
    port: Port = 6514
    transport: Literal["tls", "udp"] = "tls"
    ca: Path | None = None  #: PEM; who signs the collector's certificate; None: the system's authorities
