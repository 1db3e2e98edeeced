"""The rows of the site's models: what is in use, and every change of it with its line in the history.

A model that another one takes the place of becomes a candidate, so that retiring the other brings it back.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from node.db import Model, ModelEvent
from node.errors import ModelRefused, UnknownModel


class State(StrEnum):
    """What a model of the site's own is used for."""

    ACTIVE = "active"  #: answers, and its answers are reported; one per name
    SHADOW = "shadow"  #: answers beside the active one, and is only compared
    CANDIDATE = "candidate"  #: kept, not used; the last active one is what retiring goes back to
    RETIRED = "retired"  #: kept, and not gone back to


@dataclass(frozen=True, slots=True)
class Described:
    """What the registry keeps of a model's folder; see `node.db.Model`."""

    name: str
    version: str
    kind: str
    digest: str
    sha256: str
    demonstration: bool


def in_use(session: Session) -> tuple[Model, ...]:
    """Return the active models and the shadows, in the order of their names."""
    used = Model.state.in_((State.ACTIVE, State.SHADOW))
    return tuple(session.scalars(select(Model).where(used).order_by(Model.name, Model.id)))


def active(session: Session, name: str) -> Model | None:
    """Return the site's model that is in use under a name; None where the shipped one is."""
    return session.scalar(select(Model).filter_by(name=name, state=State.ACTIVE))


def lookup(session: Session, name: str, version: str) -> Model | None:
    """Return a model's row, if it has one."""
    return session.scalar(select(Model).filter_by(name=name, version=version))


def find(session: Session, name: str, version: str) -> Model:
    """Return a model's row.

    Raises
    ------
    UnknownModel
        Naming the versions that there are.
    """
    row = lookup(session, name, version)
    if row is None:
        versions = session.scalars(select(Model.version).filter_by(name=name).order_by(Model.id)).all()
        there = ", ".join(f"{name}@{one}" for one in versions) or "none of this name"
        raise UnknownModel(f"the site has no model {name}@{version}; there are: {there}")
    return row


def put(session: Session, model: Described, state: State, who: str) -> Model | None:
    """Make a model active or a shadow from the next job on; return the one whose place it takes.

    Parameters
    ----------
    session : Session
        A writing session; the caller commits.
    model : Described
        Of a folder that has been verified.
    state : State
        ACTIVE or SHADOW.
    who : str

    Raises
    ------
    ModelRefused
        If the active model would become a shadow: nothing would be left to compare it with.
    """
    row = _row(session, model)
    if row.state == State.ACTIVE and state is State.SHADOW:
        advice = f"retire it first: lumbar-node models retire {row.name}@{row.version}"
        raise ModelRefused(f"{row.name}@{row.version} is active, and cannot be its own shadow; {advice}")
    before = active(session, model.name) if state is State.ACTIVE else None
    if before is not None and before is not row:
        _move(session, before, State.CANDIDATE, "replaced", who)
    _move(session, row, state, "activated" if state is State.ACTIVE else "shadowed", who)
    return before if before is not row else None


def retire(session: Session, name: str, version: str, back_to: Model | None, who: str) -> Model | None:
    """Take a model out of use; return the one that is active in its place, None for the shipped one.

    Parameters
    ----------
    session : Session
        A writing session; the caller commits.
    name, version : str
    back_to : Model or None
        From `previous`: what is in use again if the model was active.
    who : str

    Raises
    ------
    UnknownModel
    ModelRefused
        If it is retired already.
    """
    row = find(session, name, version)
    if row.state == State.RETIRED:
        raise ModelRefused(f"{name}@{version} is retired already")
    was_active = row.state == State.ACTIVE
    _move(session, row, State.RETIRED, "retired", who)
    if back_to is None or not was_active:
        return None
    again = find(session, back_to.name, back_to.version)
    _move(session, again, State.ACTIVE, "restored", who)
    return again


def previous(session: Session, name: str) -> tuple[Model, ...]:
    """Return the models that were active before the present one, the last one first."""
    were = (Model.name == name) & (Model.state == State.CANDIDATE) & Model.activated_at.is_not(None)
    return tuple(session.scalars(select(Model).where(were).order_by(Model.activated_at.desc())))


def every(session: Session) -> tuple[Model, ...]:
    """Return the rows of all the site's models."""
    return tuple(session.scalars(select(Model).order_by(Model.name, Model.id)))


def _row(session: Session, model: Described) -> Model:
    row = lookup(session, model.name, model.version)
    if row is None:
        row = Model(name=model.name, version=model.version, state=State.CANDIDATE)
        session.add(row)
    row.kind, row.digest, row.sha256 = model.kind, model.digest, model.sha256
    row.demonstration = model.demonstration
    return row


def _move(session: Session, row: Model, state: State, action: str, who: str) -> None:
    """Change a state and write the line; at once, because no two rows of a name may be active."""
    row.state = state
    if state is State.ACTIVE:
        row.activated_at = datetime.now(UTC)
    event = ModelEvent(name=row.name, version=row.version, digest=row.digest, action=action, who=who)
    session.add(event)
    session.flush()
