"""Settings of what is fetched when a case lacks its CT or its MR: from whom, and how much at most."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from node.settings.completeness import pattern
from node.settings.remote import RemoteEntity, WebService
from node.settings.values import AETitle, Section

DEFAULT_KIND = "dimse"


class Source(Section):
    """What every source has."""

    name: AETitle  #: stands for the sender of what a DICOMweb server has given
    kind: str
    senders: tuple[AETitle, ...] = ()  #: asked only about studies that one of these sent; empty: about all
    timeout_s: float = Field(default=30, gt=0)  #: of the connection, and of each answer


class DimseSource(RemoteEntity, Source):
    """A Query/Retrieve SCP (PS3.4 annex C)."""

    kind: Literal["dimse"] = "dimse"
    #: c-move: it sends to our receiver, whose AE title, host and port it must know
    method: Literal["c-get", "c-move"] = "c-get"


class DicomwebSource(WebService, Source):
    """A server of QIDO-RS and WADO-RS (PS3.18 10.4, 10.6)."""

    kind: Literal["dicomweb"]


def _kind(value: Any) -> str:
    kind = value.get("kind", DEFAULT_KIND) if isinstance(value, dict) else getattr(value, "kind", "")
    return str(kind)


AnySource = Annotated[
    Annotated[DimseSource, Tag("dimse")] | Annotated[DicomwebSource, Tag("dicomweb")],
    Discriminator(_kind, custom_error_type="unknown_kind", custom_error_message="kind is dimse or dicomweb"),
]


class Retrieval(Section):
    """Fetching what a case lacks; off without sources."""

    sources: tuple[AnySource, ...] = ()  #: asked in this order, until one has something
    #: BodyPartExamined (PS3.16 annex L) of what is worth fetching …
    body_parts: tuple[str, ...] = ("SPINE", "LSPINE", "LSSPINE", "TLSPINE")
    #: … or found in a SeriesDescription or StudyDescription, in any case
    description: Annotated[str, AfterValidator(pattern)] = r"lumb|\blend|\blws|\bl[ -]?s?[ -]?spine|\blsp\b"
    max_studies: int = Field(default=1, ge=1)  #: for one study: the nearest in time
    max_instances: int = Field(default=3000, ge=1)  #: of one study; a larger one is left where it is
    retry_s: float = Field(default=60, ge=0)  #: first pause after a failure; doubles up to an hour
    max_attempts: int = Field(default=10, ge=1)
