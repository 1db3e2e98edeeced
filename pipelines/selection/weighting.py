"""What makes a structure bright in an MR series: echo, repetition and inversion time first, texts last.

Thresholds are those of radiology textbooks for spin echo and turbo spin echo at 1.5 and 3 T.
"""

from dataclasses import dataclass
from typing import Literal

from pipelines.selection import words
from pipelines.selection.acquisition import Acquisition
from pipelines.selection.traits import Traits

Known = Literal["T1", "T2"]

T1_MAX_TR, T1_MIN_TR, T1_MAX_TE = 1000.0, 200.0, 30.0  # ms
T2_MIN_TE = 60.0
STIR_MAX_TI, FLAIR_MIN_TI = 400.0, 1500.0  # the null points of fat and of cerebrospinal fluid

#: Acquisition Contrast (PS3.3 C.8.13.3.1.5) -> weighting
CONTRASTS: dict[str, Known] = {"T1": "T1", "T2": "T2", "STIR": "T2"}
DIXON_WATER, DIXON_FAT = frozenset({"W", "WATER"}), frozenset({"F", "FAT"})


@dataclass(frozen=True, slots=True)
class Weighting:
    """Weighting of a series.

    Attributes
    ----------
    known : "T1", "T2" or None
        None for proton density, gradient echo and whatever cannot be told.
    fat_suppressed : bool
    from_text : bool
        Whether only free text says so.
    """

    known: Known | None
    fat_suppressed: bool
    from_text: bool = False


def weighting_of(traits: Traits) -> Weighting:
    """Tell T1 from T2 weighting."""
    acquisition = traits.acquisition
    said = words.series_text(traits.header)
    suppressed = acquisition.fat_suppressed or is_stir(acquisition)
    known, decided = _by_times(acquisition, max(traits.echo_times, default=None))
    if not decided and acquisition.contrast in CONTRASTS:
        known, decided = CONTRASTS[acquisition.contrast], True
    if decided:
        return Weighting(known, suppressed)
    suppressed = suppressed or words.FAT_SUPPRESSED.search(said) is not None
    return Weighting(_by_text(said), suppressed, from_text=True)


def is_stir(acquisition: Acquisition) -> bool:
    """Whether fat is nulled by inversion."""
    return acquisition.inversion_time is not None and acquisition.inversion_time <= STIR_MAX_TI


def dixon_parts(traits: Traits) -> frozenset[Literal["water", "fat"]]:
    """Which Dixon images a series holds, by Image Type and, where that has none, by its texts."""
    found: set[Literal["water", "fat"]] = set()
    if traits.occurring & DIXON_WATER:
        found.add("water")
    if traits.occurring & DIXON_FAT:
        found.add("fat")
    if found:
        return frozenset(found)
    said = words.series_text(traits.header)
    water, fat = words.DIXON_WATER.search(said), words.DIXON_FAT.search(said)
    if water and not fat:
        return frozenset({"water"})
    return frozenset({"fat"}) if fat and not water else frozenset()


def _by_times(acquisition: Acquisition, longest_echo: float | None) -> tuple[Known | None, bool]:
    """Return the weighting and whether the times decide about it (None, True: surely neither)."""
    if acquisition.gradient_echo:
        return None, True
    if acquisition.inversion_time is not None:
        return _by_inversion(acquisition.inversion_time, acquisition.echo_time), True
    return _by_echo(longest_echo, acquisition.repetition_time)


def _by_inversion(inversion_time: float, echo_time: float | None) -> Known | None:
    if inversion_time <= STIR_MAX_TI or inversion_time >= FLAIR_MIN_TI:
        return "T2"
    return "T1" if echo_time is not None and echo_time < T1_MAX_TE else None


def _by_echo(echo_time: float | None, repetition_time: float | None) -> tuple[Known | None, bool]:
    if echo_time is not None and echo_time >= T2_MIN_TE:
        return "T2", True
    if repetition_time is None:
        return None, False
    if T1_MIN_TR <= repetition_time < T1_MAX_TR and (echo_time is None or echo_time < T1_MAX_TE):
        return "T1", True
    return None, echo_time is not None


def _by_text(said: str) -> Known | None:
    t1, t2 = words.T1.search(said), words.T2.search(said)
    if bool(t1) == bool(t2):
        return None
    return "T1" if t1 else "T2"
