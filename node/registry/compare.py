"""How a shadow model compares with the active one, from what both have answered for the same studies."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from node.db import Shadow

EVALUATED = "evaluated"
FAILED = "failed"
#: fewer pairs have no correlation worth the name
LEAST_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """A shadow model beside one active model.

    Attributes
    ----------
    name, version : str
        Of the shadow.
    active_version : str or None
        None where no model was active under the name.
    studies : int
    both : int
        Studies that both have evaluated; what follows is about these.
    agreement : float or None
        Share of them with the same category.
    mean_difference : float or None
        Of the probabilities, shadow less active.
    correlation : float or None
        Pearson's, of the probabilities; None below 3 pairs or where one does not vary.
    moved : mapping of (str, str) to int
        Studies by category: the active model's, the shadow's, where they differ.
    only_active, only_shadow, neither : int
        Studies that one of them, or none, could evaluate.
    failed : int
        Studies for which the shadow broke down.
    reasons : mapping of str to int
        Why, by code; also of what the shadow could not evaluate.
    """

    name: str
    version: str
    active_version: str | None
    studies: int
    both: int
    agreement: float | None
    mean_difference: float | None
    correlation: float | None
    moved: Mapping[tuple[str, str], int] = field(default_factory=dict)
    only_active: int = 0
    only_shadow: int = 0
    neither: int = 0
    failed: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


def compare(session: Session, name: str) -> tuple[Comparison, ...]:
    """Compare every shadow model of a name with the model that was active beside it.

    A study counts once, with its newest revision.
    """
    query = select(Shadow).where(Shadow.name == name).order_by(Shadow.revision, Shadow.id)
    newest = {(row.study_id, row.digest): row for row in session.scalars(query)}
    pairs: dict[tuple[str, str | None], list[Shadow]] = defaultdict(list)
    for row in newest.values():
        pairs[row.digest, row.active.get("digest")].append(row)
    return tuple(_comparison(rows) for rows in pairs.values())


def _comparison(rows: Sequence[Shadow]) -> Comparison:
    both = [row for row in rows if _evaluated(row.answer) and _evaluated(row.active)]
    active = [row.active["probability"] for row in both]
    shadow = [row.answer["probability"] for row in both]
    moved = Counter((row.active["category"], row.answer["category"]) for row in both)
    same = sum(count for (one, other), count in moved.items() if one == other)
    return Comparison(
        name=rows[-1].name,
        version=rows[-1].version,
        active_version=rows[-1].active.get("version"),
        studies=len(rows),
        both=len(both),
        agreement=same / len(both) if both else None,
        mean_difference=statistics.fmean(shadow) - statistics.fmean(active) if both else None,
        correlation=_correlation(active, shadow),
        moved={pair: count for pair, count in sorted(moved.items()) if pair[0] != pair[1]},
        only_active=sum(_evaluated(row.active) and not _evaluated(row.answer) for row in rows),
        only_shadow=sum(_evaluated(row.answer) and not _evaluated(row.active) for row in rows),
        neither=sum(not _evaluated(row.answer) and not _evaluated(row.active) for row in rows),
        failed=sum(row.answer.get("status") == FAILED for row in rows),
        reasons=_reasons(rows),
    )


def _evaluated(answer: Mapping[str, object]) -> bool:
    return answer.get("status") == EVALUATED


def _correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    if len(one) < LEAST_PAIRS or len(set(one)) == 1 or len(set(other)) == 1:
        return None
    return statistics.correlation(one, other)


def _reasons(rows: Iterable[Shadow]) -> dict[str, int]:
    codes = Counter(code for row in rows for code in {r["code"] for r in row.answer.get("reasons", ())})
    return dict(codes.most_common())
