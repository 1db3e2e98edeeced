"""Which of several series that could play a role plays it: one ordered list of criteria per kind of role."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.dicom.attributes import integer, text
from pipelines.selection import words
from pipelines.selection.region import region_of
from pipelines.selection.traits import Traits
from pipelines.selection.weighting import weighting_of
from pipelines.types import Role

LUMBAR_LENGTH = 200.0  #: mm along the patient that show L1 to S1; more is not better
LUMBAR_BREADTH = 80.0  #: mm across sagittal slices that show the vertebral bodies and the canal whole

SHARP_NAMES = re.compile(r"bone|lung|edge|ultra|detail|sharp|^y[a-d]$|^[del]$", re.IGNORECASE)
SHARP_FC = re.compile(r"^fc(3|5|8)\d", re.IGNORECASE)
NUMBERED = re.compile(r"^[a-z]{1,2}(\d\d)", re.IGNORECASE)
SHARP_NUMBER = 55


@dataclass(frozen=True, slots=True)
class Criterion:
    """One comparison; the greater value wins. `wins` says in words what the winner has."""

    wins: str
    value: Callable[[Traits], float]


def sharp_kernel(kernel: str) -> bool:
    """Whether a CT kernel enhances edges, so that its noise spoils mean HU and segmentation."""
    if SHARP_NAMES.search(kernel) or SHARP_FC.search(kernel):
        return True
    number = NUMBERED.search(kernel)
    return number is not None and not kernel.upper().startswith("FC") and int(number[1]) >= SHARP_NUMBER


def _coverage(traits: Traits) -> float:
    return min(traits.height, LUMBAR_LENGTH) // 50


def _agent(traits: Traits) -> bool:
    return traits.acquisition.contrast_agent or bool(words.AGENT.search(words.series_text(traits.header)))


def _date(traits: Traits) -> float:
    date = text(traits.header, "StudyDate")
    return float(date) if date.isdecimal() else 0.0


REGION = Criterion("named as lumbar spine", region_of)
COVERAGE = Criterion("longer coverage of the lumbar spine", _coverage)
BREADTH = Criterion("wider coverage across", lambda t: min(t.depth, LUMBAR_BREADTH) // 20)
ONE_BLOCK = Criterion("one stack of parallel slices", lambda t: t.one_block)
ORIGINAL = Criterion("original, not derived images", lambda t: not t.derived)
NO_AGENT = Criterion("no contrast agent", lambda t: not _agent(t))
SOFT = Criterion("softer kernel", lambda t: not sharp_kernel(t.acquisition.kernel))
NO_FAT_SATURATION = Criterion("no fat suppression", lambda t: not weighting_of(t).fat_suppressed)
BY_TIMES = Criterion("weighting known from its times", lambda t: not weighting_of(t).from_text)
THIN = Criterion("thinner slices", lambda t: -max(1.0, round(t.spacing)))
FINE = Criterion("finer pixels", lambda t: -round(t.pixel, 1))
MANY = Criterion("more slices", lambda t: t.slices)
NEW = Criterion("newer study", _date)
FIRST = Criterion("lower series number", lambda t: -(integer(t.header, "SeriesNumber") or 0))

CT_ORDER = (REGION, COVERAGE, ORIGINAL, NO_AGENT, SOFT, THIN, MANY, NEW, FIRST)
SAGITTAL_ORDER = (REGION, COVERAGE, BREADTH, NO_FAT_SATURATION, ORIGINAL, NO_AGENT, BY_TIMES, THIN, FINE)
AXIAL_ORDER = (REGION, ONE_BLOCK, COVERAGE, NO_FAT_SATURATION, ORIGINAL, NO_AGENT, BY_TIMES, THIN, FINE)
LAST = (MANY, NEW, FIRST)
ORDERS: dict[Role, tuple[Criterion, ...]] = {
    Role.CT: CT_ORDER,
    Role.MR_SAG_T1: (*SAGITTAL_ORDER, *LAST),
    Role.MR_SAG_T2: (*SAGITTAL_ORDER, *LAST),
    Role.MR_SAG: (*SAGITTAL_ORDER, *LAST),
    Role.MR_AXIAL_T1: (*AXIAL_ORDER, *LAST),
    Role.MR_AXIAL_T2: (*AXIAL_ORDER, *LAST),
    # Dixon water images are fat-suppressed by nature, and every image of the set is computed
    Role.MR_AXIAL_DIXON_WATER: (REGION, ONE_BLOCK, COVERAGE, NO_AGENT, THIN, FINE, *LAST),
    Role.MR_AXIAL_DIXON_FAT: (REGION, ONE_BLOCK, COVERAGE, NO_AGENT, THIN, FINE, *LAST),
    Role.MR_AXIAL: (*AXIAL_ORDER, *LAST),
}


def best(candidates: Sequence[Traits], role: Role) -> Traits:
    """Return the best series for a role; of equals the one whose UID sorts first."""
    order = ORDERS[role]
    by_uid = sorted(candidates, key=lambda t: t.series.series_uid)
    return max(by_uid, key=lambda t: tuple(criterion.value(t) for criterion in order))


def why(winner: Traits, other: Traits, role: Role) -> str:
    """Say in words what the winner has over another series: the first criterion in which they differ."""
    for criterion in ORDERS[role]:
        if criterion.value(winner) > criterion.value(other):
            return criterion.wins
    return "equal in every criterion; first by UID"
