"""Where a model is used, and how the shadows compare, read from a database that is left as it is."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from node.db import ModelEvent, Result, Shadow
from node.registry.compare import Comparison, compare
from node.registry.listing import Entry
from node.registry.reading import reading
from node.settings import Settings


@dataclass(frozen=True, slots=True)
class Usage:
    """What the database says of a model."""

    history: tuple[ModelEvent, ...] = ()  #: the oldest first
    reported: int = 0  #: risk reports that hold its answer
    shadowed: int = 0  #: studies that it has answered for as a shadow


def usage(settings: Settings, entry: Entry) -> Usage:
    """Return how a model has been used. ConfigurationError where the database cannot be read."""

    def read(session: Session) -> Usage:
        which = {"name": entry.name, "version": entry.version}
        events = select(ModelEvent).filter_by(**which).order_by(ModelEvent.id)
        summaries = session.scalars(select(Result.summary).filter_by(kind="risk_sr"))
        asked = select(Shadow.study_id).filter_by(name=entry.name, digest=entry.digest).distinct()
        return Usage(
            history=() if entry.shipped else tuple(session.scalars(events)),
            reported=sum(_holds(summary.get("predictions"), entry.digest) for summary in summaries),
            shadowed=len(session.scalars(asked).all()),
        )

    return reading(settings, read, Usage())


def comparisons(settings: Settings, name: str) -> tuple[Comparison, ...]:
    """Return how the shadows of a name compare; empty where none has answered. Errors as `usage`."""
    return reading(settings, lambda session: compare(session, name), ())


def _holds(predictions: object, digest: str) -> bool:
    found = predictions if isinstance(predictions, list) else []
    return any(one.get("model", {}).get("digest") == digest for one in found)
