"""Published reference ranges, to be printed beside what was measured: orientation, not a diagnosis.

A range is the mean of healthy people ± 1.96 SD, or a published limit, which then has one side only. Where no
source fits the way a number is measured here there is no range, rather than one that would mislead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: 95 % of people lie within so many standard deviations of a normal distribution.
_SPREAD: Final = 1.96


@dataclass(frozen=True, slots=True)
class Reference:
    """A published range.

    Attributes
    ----------
    low, high : float or None
        In `unit`; None: no limit on that side.
    unit : str
        UCUM, that of the measurement.
    source : str
        Author, journal and year; how the range was made, where it differs from what is measured here.
    """

    low: float | None
    high: float | None
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A range and whom it holds for; None: for everyone."""

    reference: Reference
    level: str | None = None
    sex: str | None = None
    ages: tuple[float, float] = (0, 200)


def reference(
    measure: str, level: str | None = None, sex: str | None = None, age: float | None = None
) -> Reference | None:
    """Look up the published range of a measurement.

    Parameters
    ----------
    measure : str
        Name of a Measurement, a key of `pipelines.dicom.codes.MEASUREMENTS`; for fat fractions and areas of a
        muscle with the muscle in front: "multifidus.level_fat_fraction_dixon".
    level : str, optional
        "L1", "L4-L5"; ranges of single levels are not given without.
    sex : str, optional
        PatientSex, "M" or "F"; where a range differs by sex there is none without.
    age : float, optional
        Years; where a range holds for some ages there is none without.

    Returns
    -------
    Reference or None
        None where nothing that fits has been published, as far as is known here.
    """
    return next(
        (row.reference for row in _ROWS.get(measure, ()) if _fits(row, level, sex, age)),
        None,
    )


def _fits(row: _Row, level: str | None, sex: str | None, age: float | None) -> bool:
    low, high = row.ages
    any_age = row.ages == (0, 200)
    return (
        row.level in (None, level)
        and row.sex in (None, sex)
        and (any_age or (age is not None and low <= age < high))
    )


def _range(mean: float, deviation: float, unit: str, source: str) -> Reference:
    reach = _SPREAD * deviation
    return Reference(round(mean - reach, 1), round(mean + reach, 1), unit, f"{source}; mean ± 1.96 SD")


_GENANT = "Genant 1993 (J Bone Miner Res 8:1137): a loss of 20 % or more is a fracture of grade 1"
_PICKHARDT = "Pickhardt 2013 (Ann Intern Med 158:588): L1, 120 kVp; above 160 HU osteoporosis is unlikely"
_JANG = "Jang 2019 (Radiology 291:360): L1, 120 kVp, 20,374 adults"
_RECUMBENT = "627 healthy volunteers lying (Asian Spine J 2019, PMC6680033): T12-S1 on radiographs"
_SLIP = "Jacobsen 2007 (Spine 32:120): a slip of 3 mm or more"
_STENOSIS = "Steurer 2011 (BMC Musculoskelet Disord 12:175), a review"
_FARDON = "Fardon 2014 (Spine J 14:2525); limit of 3 mm as in use, not part of the definition"
_SI = "Si 2023 (Quant Imaging Med Surg 13:4526): fat signal fraction, 336 healthy people of 20 to 69, L1-L5"
_SYMMETRY = "Hides 2008 (Man Ther 13:43): healthy people; 10 % between sides is the limit in use"
_IRANIAN = "MR of 14 healthy people of 40 to 59 (Anat Sci J 10:159): few, mid-sagittal, from bone to bone"
_COBB = "Scoliosis Research Society: scoliosis from 10 degrees on"

#: Mean and SD in mm: anterior, middle, posterior.
_DISC_HEIGHTS: Final[Mapping[str, tuple[tuple[float, float], ...]]] = {
    "L1-L2": ((10.82, 1.59), (10.0, 1.89), (7.31, 1.71)),
    "L2-L3": ((13.09, 1.21), (11.59, 1.51), (8.58, 1.66)),
    "L3-L4": ((15.21, 1.24), (12.45, 1.79), (9.08, 1.22)),
    "L4-L5": ((18.14, 1.49), (13.82, 1.96), (10.14, 1.01)),
    "L5-S1": ((18.71, 1.61), (12.99, 2.53), (8.51, 1.08)),
}


def _disc_heights(place: int) -> tuple[_Row, ...]:
    return tuple(
        _Row(_range(*values[place], "mm", _IRANIAN), level=level) for level, values in _DISC_HEIGHTS.items()
    )


def _fat(female: tuple[float, float], male: tuple[float, float]) -> tuple[_Row, ...]:
    return (
        _Row(_positive(_range(*female, "%", _SI)), sex="F", ages=(20, 70)),
        _Row(_positive(_range(*male, "%", _SI)), sex="M", ages=(20, 70)),
    )


def _positive(found: Reference) -> Reference:
    """No share is below 0: a symmetric range of a skewed quantity would say so."""
    return Reference(max(0.0, found.low or 0.0), found.high, found.unit, found.source)


_MULTIFIDUS: Final = _fat((21.14, 6.77), (16.21, 6.26))
_ERECTOR: Final = _fat((15.97, 5.56), (12.37, 4.80))
_FIFTH_LOST: Final = (_Row(Reference(0.8, None, "1", _GENANT)),)

_ROWS: Final[Mapping[str, tuple[_Row, ...]]] = {
    "wedge_ratio": _FIFTH_LOST,
    "biconcavity_ratio": _FIFTH_LOST,
    "compression_ratio": _FIFTH_LOST,
    "l1_screening_hu": (_Row(Reference(160, None, "[hnsf'U]", _PICKHARDT)),),
    "trabecular_hu": (
        _Row(_range(226, 44, "[hnsf'U]", f"{_JANG}, under 30 years"), level="L1", ages=(18, 30)),
        _Row(_range(89, 38, "[hnsf'U]", f"{_JANG}, 90 years or more"), level="L1", ages=(90, 200)),
    ),
    "disc_height_anterior": _disc_heights(0),
    "disc_height_middle": _disc_heights(1),
    "disc_height_posterior": _disc_heights(2),
    "disc_bulge": (_Row(Reference(None, 3.0, "mm", _FARDON)),),
    "listhesis": (_Row(Reference(-3.0, 3.0, "mm", _SLIP)),),
    "lordosis": (_Row(_range(36.8, 13.2, "deg", _RECUMBENT)),),
    "coronal_cobb": (_Row(Reference(None, 10.0, "deg", _COBB)),),
    "canal_ap_diameter": (_Row(Reference(12.0, None, "mm", f"{_STENOSIS}: narrow below 12, stenosis < 10")),),
    "canal_area": (
        _Row(
            Reference(100.0, None, "mm2", f"{_STENOSIS}: of the dural sac, which is smaller than the canal")
        ),
    ),
    "multifidus.level_fat_fraction_dixon": _MULTIFIDUS,
    "multifidus.fat_fraction_dixon": _MULTIFIDUS,
    "erector_spinae.level_fat_fraction_dixon": _ERECTOR,
    "erector_spinae.fat_fraction_dixon": _ERECTOR,
    "level_asymmetry": (_Row(Reference(-10.0, 10.0, "%", _SYMMETRY)),),
    "volume_asymmetry": (_Row(Reference(-10.0, 10.0, "%", _SYMMETRY)),),
}

MEASURES: Final = tuple(_ROWS)
"""Measurements that have a range, for at least some levels, sexes or ages."""
