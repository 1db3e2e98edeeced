"""What the node ended with: every acknowledged byte, every study once, no result set twice."""

import hashlib
from collections import Counter
from pathlib import Path

from pydicom.dataset import Dataset
from soak.load import Plan
from sqlalchemy import Engine, func, select

from node.db import Event, Instance, Result, Study
from node.engine import readers
from node.fileformat import data_set_offset


def lost(data_dir: Path, engine: Engine, digests: dict[str, str]) -> list[str]:
    """Return the acknowledged objects that have no row, no file, or other bytes."""
    with readers(engine)() as session:
        rows = session.execute(select(Instance.sop_instance_uid, Instance.path))
        paths: dict[str, str] = dict(rows.all())
    return [uid for uid, digest in digests.items() if _digest(data_dir, paths.get(uid)) != digest]


def without_row(engine: Engine, digests: dict[str, str]) -> list[str]:
    """Return the acknowledged objects that the index does not know."""
    with readers(engine)() as session:
        known = set(session.scalars(select(Instance.sop_instance_uid)))
    return [uid for uid in digests if uid not in known]


def states(engine: Engine) -> Counter[str]:
    """Count the studies in each state."""
    with readers(engine)() as session:
        rows = session.execute(select(Study.state, func.count(Study.id)).group_by(Study.state))
        return Counter(dict(rows.all()))


def most_endings(engine: Engine) -> int:
    """Return how often one version of a study was analysed or delivered, at most: 1."""
    ends = Event.name.in_(["analysed", "delivered"])
    each = select(func.count(Event.id)).where(ends).group_by(Event.study_id, Event.revision, Event.name)
    with readers(engine)() as session:
        return max(session.scalars(each), default=0)


def result_sets_too_many(engine: Engine) -> int:
    """Return how many versions of a study have more than one result set (of one object each)."""
    with readers(engine)() as session:
        sets = session.scalars(select(func.count(Result.id)).group_by(Result.study_id, Result.revision))
        return sum(count > 1 for count in sets)


def incomplete(engine: Engine, plans: list[Plan], received: list[Dataset]) -> list[str]:
    """Return the studies whose last result does not name exactly their instances, or was not delivered."""
    texts = {str(one.SOPInstanceUID): str(one.TextValue) for one in received}
    with readers(engine)() as session:
        query = select(Study.study_instance_uid, Result.sop_instance_uid).join(Study)
        current = query.where(Result.revision == Study.revision)
        last: dict[str, str] = dict(session.execute(current).all())
    expected = {plan.uid: " ".join(sorted(uid for uid, _ in plan.objects)) for plan in plans}
    return [uid for uid, text in expected.items() if texts.get(last.get(uid, "")) != text]


def _digest(data_dir: Path, path: str | None) -> str | None:
    if path is None or not (data_dir / path).exists():
        return None
    data = (data_dir / path).read_bytes()
    return hashlib.sha256(data[data_set_offset(memoryview(data)) :]).hexdigest()
