"""Clinical variables: what is allowed, from a JSON file or from the images' own headers."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

from pydicom.dataset import Dataset
from pydicom.valuerep import DA

from models.signatures.clinical import DIAGNOSES
from pipelines.errors import InputError

CLINICAL_INVALID: Final = "CLINICAL_INVALID"

#: Levels that can be fused, from head to foot.
LEVELS: Final = ("T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")


@dataclass(frozen=True, slots=True)
class ClinicalVariables:
    """What is known about the patient beside the images; None where it is not known."""

    sex: Literal["M", "F"] | None = None
    age: float | None = None  #: years, 18 to 110
    bmi: float | None = None  #: kg/m2, 10 to 80
    segments: int | None = None  #: segments to be fused, 1 to 3 (Zou et al. 2025)
    osteoporosis: bool | None = None
    diagnosis: str | None = None  #: one of models.signatures.clinical.DIAGNOSES
    fused_levels: tuple[str, ...] | None = None  #: of LEVELS, as many as `segments` says
    #: Pain on the visual analogue scale, 0 to 10; kept with the results, never an input of a prediction,
    #: because it is what the pain predictor is asked for.
    vas: float | None = None

    def known(self) -> dict[str, Any]:
        """Give the variables that are known, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def read_clinical(path: Path) -> dict[str, Any]:
    """Read clinical variables from a JSON object and check them.

    Returns
    -------
    dict
        The values as they stand in the file.

    Raises
    ------
    InputError
        CLINICAL_INVALID, naming the file, the key, the value and what is allowed.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(CLINICAL_INVALID, f"{path}: clinical variables cannot be read: {error}") from None
    if not isinstance(values, dict):
        raise InputError(
            CLINICAL_INVALID, f'{path}: must hold one JSON object, e.g. {{"age": 61, "sex": "F"}}'
        )
    try:
        validate(values)
    except InputError as error:
        raise InputError(error.code, f"{path}: {error}") from None
    return values


def validate(values: Mapping[str, Any]) -> ClinicalVariables:
    """Check clinical variables; None means not known.

    Raises
    ------
    InputError
        CLINICAL_INVALID, naming the key, the value and what is allowed; also for unknown keys, and where
        `fused_levels` and `segments` contradict each other.
    """
    if strange := sorted(set(values) - set(_CHECKS)):
        raise _invalid(strange[0], values[strange[0]], f"an unknown key; allowed are {', '.join(_CHECKS)}")
    checked = {key: _CHECKS[key](key, value) for key, value in values.items() if value is not None}
    variables = ClinicalVariables(**checked)
    levels, segments = variables.fused_levels, variables.segments
    if levels is not None and segments is not None and len(levels) != segments:
        raise _invalid("fused_levels", list(levels), f"must name {segments} levels, as segments says")
    return variables


def check(key: str, value: Any) -> None:
    """Check one clinical variable by itself.

    Raises
    ------
    InputError
        CLINICAL_INVALID, as `validate`.
    """
    validate({key: value})


def from_headers(datasets: Iterable[Dataset]) -> dict[str, Any]:
    """Take sex, age and body-mass index from DICOM headers (PS3.3 C.7.1.1, C.7.2.2).

    Parameters
    ----------
    datasets : iterable of Dataset
        Headers of the case, newest study first: the first header that has a value gives it.

    Returns
    -------
    dict
        `sex` from PatientSex (M or F); `age` in years from PatientAge, else from PatientBirthDate and
        StudyDate; `bmi` from PatientWeight (kg) and PatientSize (m). Values that are absent or not allowed
        are left out: a header is often filled by habit, a wrong value must not stop the analysis.
    """
    found: dict[str, Any] = {}
    for dataset in datasets:
        for key, take in _FROM_HEADER.items():
            value = take(dataset)
            if key not in found and value is not None and _allowed(key, value):
                found[key] = value
        if len(found) == len(_FROM_HEADER):
            break
    return found


def complete(explicit: Mapping[str, Any] | None, datasets: Iterable[Dataset]) -> dict[str, Any]:
    """Join explicit values with those of the headers; explicit values win.

    Raises
    ------
    InputError
        CLINICAL_INVALID for an explicit value that is not allowed.
    """
    given = {key: value for key, value in (explicit or {}).items() if value is not None}
    validate(given)
    return {**from_headers(datasets), **given}


def _invalid(key: str, value: object, rule: str) -> InputError:
    return InputError(CLINICAL_INVALID, f"clinical variable {key} = {value!r}: {rule}")


def _number(low: float, high: float, unit: str) -> Callable[[str, Any], float]:
    def check(key: str, value: Any) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or not low <= value <= high:
            raise _invalid(key, value, f"must be a number from {low:g} to {high:g} ({unit})")
        return float(value)

    return check


def _one_of(*allowed: str) -> Callable[[str, Any], str]:
    def check(key: str, value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise _invalid(key, value, f"must be one of {', '.join(allowed)}")
        return value

    return check


def _segments(key: str, value: Any) -> int:
    if isinstance(value, bool) or value not in (1, 2, 3):
        raise _invalid(key, value, "must be 1, 2 or 3")
    return int(value)


def _truth(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _invalid(key, value, "must be true or false")
    return value


def _levels(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value or len(set(map(str, value))) != len(value):
        raise _invalid(key, value, f"must be a list of different levels out of {', '.join(LEVELS)}")
    return tuple(_one_of(*LEVELS)(key, level) for level in value)


_CHECKS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "sex": _one_of("M", "F"),
    "age": _number(18, 110, "years"),
    "bmi": _number(10, 80, "kg/m2"),
    "segments": _segments,
    "osteoporosis": _truth,
    "diagnosis": _one_of(*DIAGNOSES),
    "fused_levels": _levels,
    "vas": _number(0, 10, "visual analogue scale"),
}


def _allowed(key: str, value: Any) -> bool:
    try:
        _CHECKS[key](key, value)
    except InputError:
        return False
    return True


def _sex(dataset: Dataset) -> str | None:
    return dataset.get("PatientSex") or None


def _age(dataset: Dataset) -> float | None:
    age = str(dataset.get("PatientAge") or "")  # PS3.5 6.2, AS: nnnY, nnnM, nnnW, nnnD
    if len(age) == 4 and age[:3].isdigit() and age[3] in "YMWD":
        years = int(age[:3]) / {"Y": 1.0, "M": 12.0, "W": 52.18, "D": 365.25}[age[3]]
        return round(years, 1)
    return _age_between(dataset.get("PatientBirthDate"), dataset.get("StudyDate"))


def _age_between(born: Any, seen: Any) -> float | None:
    try:
        first, last = DA(str(born or "")), DA(str(seen or ""))
    except ValueError:
        return None
    if not isinstance(first, date) or not isinstance(last, date):
        return None
    return float(last.year - first.year - ((last.month, last.day) < (first.month, first.day)))


def _bmi(dataset: Dataset) -> float | None:
    weight, size = dataset.get("PatientWeight"), dataset.get("PatientSize")
    if not isinstance(weight, int | float) or not isinstance(size, int | float) or not size:
        return None
    return round(float(weight) / float(size) ** 2, 1)


_FROM_HEADER: Final[Mapping[str, Callable[[Dataset], Any]]] = {"sex": _sex, "age": _age, "bmi": _bmi}
