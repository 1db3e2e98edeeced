"""Tables: what the node remembers, and nothing that a patient could be found by."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import JSON, TypeDecorator

from node.states import StudyState


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time in UTC on every dialect; SQLite alone would hand back a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of every table; times are aware and in UTC."""

    type_annotation_map = {datetime: UTCDateTime(), date: Date(), dict[str, Any]: JSON}  # noqa: RUF012


class Study(Base):
    """A study as received so far; `revision` counts re-openings by late instances."""

    __tablename__ = "study"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_instance_uid: Mapped[str] = mapped_column(String(64), unique=True)
    #: sha256 of PatientID and IssuerOfPatientID; None without a PatientID, or where the instances name
    #: different patients (event mixed_patients): such a study is never paired
    patient_key: Mapped[str | None] = mapped_column(String(64), index=True)
    study_date: Mapped[date | None]
    revision: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(16), default=StudyState.RECEIVING.value, index=True)
    reason: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_instance_at: Mapped[datetime] = mapped_column(server_default=func.now())
    #: when the study counts as complete; moved by every instance and by association release
    complete_after: Mapped[datetime | None]
    #: the highest that came with an instance
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    incomplete: Mapped[str | None]  #: what was missing when it was processed or held all the same
    opened_at: Mapped[datetime | None]  #: when the first instance of this revision came
    checked_at: Mapped[datetime | None]  #: when its PACS was last asked how much there is
    series: Mapped[list["Series"]] = relationship(back_populates="study")


class Series(Base):
    """A series of a study."""

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    series_instance_uid: Mapped[str] = mapped_column(String(64))
    modality: Mapped[str] = mapped_column(String(16))
    description: Mapped[str | None]  #: SeriesDescription
    study: Mapped[Study] = relationship(back_populates="series")
    instances: Mapped[list["Instance"]] = relationship(back_populates="series")

    __table_args__ = (UniqueConstraint("study_id", "series_instance_uid"),)


class Instance(Base):
    """One stored SOP instance."""

    __tablename__ = "instance"

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), index=True)
    sop_instance_uid: Mapped[str] = mapped_column(String(64), unique=True)
    sop_class_uid: Mapped[str] = mapped_column(String(64))
    transfer_syntax_uid: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))  #: of the encoded data set, as received
    size: Mapped[int]  #: bytes of the file
    path: Mapped[str]  #: relative to the store's root
    calling_ae: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    series: Mapped[Series] = relationship(back_populates="instances")


class Refusal(Base):
    """An object that was not taken in, or kept apart, with the reason: nothing is dropped silently."""

    __tablename__ = "refusal"

    id: Mapped[int] = mapped_column(primary_key=True)
    sop_instance_uid: Mapped[str | None] = mapped_column(String(64))
    calling_ae: Mapped[str] = mapped_column(String(16))
    status: Mapped[int]  #: the C-STORE status that was answered
    reason: Mapped[str]
    path: Mapped[str | None]  #: where the bytes are kept, if they are (conflicting content)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Job(Base):
    """A piece of work; the table is the queue. `kind` is analyse (target: a pipeline) or deliver."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("study_id", "revision", "kind", "target"),
        CheckConstraint("state IN ('queued','running','succeeded','failed')", name="job_state"),
        Index("job_claim", "kind", "state", "rank", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str] = mapped_column(String(16))  #: analyse | deliver
    target: Mapped[str] = mapped_column(String(64))  #: pipeline, or destination name
    state: Mapped[str] = mapped_column(String(16), default="queued")
    priority: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    run_after: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    worker: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None]
    cause: Mapped[str | None]  #: the class of the error, a code
    #: of the ladder that out-of-memory leads down
    rung: Mapped[int] = mapped_column(default=0, server_default="0")
    #: who is served first: the time it was queued, earlier by what its priority is worth
    rank: Mapped[datetime | None]
    #: when the job was made; every timestamp in its results comes from here, so a re-run is byte-identical
    clock: Mapped[datetime] = mapped_column(server_default=func.now())
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)  #: {"stage": str, "fraction": float}


class Result(Base):
    """A result object made for a study."""

    __tablename__ = "result"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int]
    kind: Mapped[str] = mapped_column(String(24))  #: seg | measurement_sr | risk_sr | pdf | overlay
    sop_class_uid: Mapped[str] = mapped_column(String(64))
    sop_instance_uid: Mapped[str] = mapped_column(String(64), unique=True)
    path: Mapped[str]  #: relative to the data folder
    summary: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Delivery(Base):
    """What became of one result object at one destination."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("result_id", "destination"),
        Index("delivery_transaction", "transaction_uid"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("result.id", ondelete="CASCADE"), index=True)
    destination: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(16), default="pending")  #: pending | sent | delivered | refused
    error: Mapped[str | None]
    transaction_uid: Mapped[str | None]  #: of the storage commitment that was asked for last
    sent_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]  #: c-store | commitment | c-find | stow-rs | folder
    delivered_at: Mapped[datetime | None]


class Event(Base):
    """Append-only history of a study: the audit trail and the source of durations."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int]
    name: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Clinical(Base):
    """Clinical variables that the site has given for a patient; used whenever the patient is analysed."""

    __tablename__ = "clinical"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_key: Mapped[str] = mapped_column(String(64), unique=True)  #: as `Study.patient_key`
    #: as pipelines.clinical.validate allows them
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    source: Mapped[str] = mapped_column(String(16))  #: csv | rest
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Model(Base):
    """A model of the site's own: a folder below `models_dir`, and whether the workers use it."""

    __tablename__ = "model"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        CheckConstraint("state IN ('active','shadow','candidate','retired')", name="model_state"),
        Index(
            "model_active",
            "name",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))  #: of the predictor: asdeg, pain, …
    version: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))  #: predictor
    digest: Mapped[str] = mapped_column(String(64))  #: of its files, as results name it
    sha256: Mapped[str] = mapped_column(String(64))  #: of its manifest, which names every file's
    state: Mapped[str] = mapped_column(String(16))
    demonstration: Mapped[bool]
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())
    activated_at: Mapped[datetime | None]  #: the last time; says which one was in use before


class ModelEvent(Base):
    """Append-only history of the site's models: who changed what the workers use, when, to which bytes."""

    __tablename__ = "model_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), index=True)
    version: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(16))  #: activated | shadowed | replaced | restored | retired
    who: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Shadow(Base):
    """What a candidate answered for a study beside the active model: compared, never reported."""

    __tablename__ = "shadow"
    __table_args__ = (UniqueConstraint("study_id", "revision", "name", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    revision: Mapped[int]
    name: Mapped[str] = mapped_column(String(64), index=True)
    version: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    #: {"status", "probability", "category", "reasons"}; status "failed" where the model broke down
    answer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: the same of the active model, with its "version" and "digest"; empty where there is none of this name
    active: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Commitment(Base):
    """A storage commitment that a peer asked this node for (PS3.4 annex J), until it has been reported."""

    __tablename__ = "commitment"
    __table_args__ = (UniqueConstraint("transaction_uid", "calling_ae"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transaction_uid: Mapped[str] = mapped_column(String(64))
    calling_ae: Mapped[str] = mapped_column(String(16))
    items: Mapped[list[Any]] = mapped_column(JSON)  #: [SOP Class UID, SOP Instance UID] of each
    state: Mapped[str] = mapped_column(String(16), default="pending")  #: pending | reported | failed
    attempts: Mapped[int] = mapped_column(default=0)
    run_after: Mapped[datetime] = mapped_column(server_default=func.now())
    error: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Retrieval(Base):
    """What a case lacks and was asked for at a source: one row per study and modality."""

    __tablename__ = "retrieval"
    __table_args__ = (UniqueConstraint("study_id", "modality"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    modality: Mapped[str] = mapped_column(String(16))  #: CT | MR, that the study's case lacks
    source: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default="queued")  #: queued | retrieved | nothing | failed
    found: Mapped[list[Any]] = mapped_column(JSON, default=list)  #: StudyInstanceUIDs
    attempts: Mapped[int] = mapped_column(default=0)
    run_after: Mapped[datetime] = mapped_column(server_default=func.now())
    error: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
