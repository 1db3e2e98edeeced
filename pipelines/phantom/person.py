"""Who the generated patient is: what stands in the headers and in the clinical file."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from models.signatures.clinical import DIAGNOSES

STUDY_YEAR = 2026
FUSIBLE = ("L5-S1", "L4-L5", "L3-L4", "L2-L3")  #: from below, as fusions usually start


@dataclass(frozen=True, slots=True)
class Person:
    """A patient's data, consistent with each other.

    Attributes
    ----------
    patient_id : str
    sex : {"F", "M"}
    age : int
        Years at the time of both studies.
    size, weight : float
        m, kg.
    osteoporosis : bool
    diagnosis : str
        One of `models.signatures.clinical.DIAGNOSES`.
    fused_levels : tuple of str
        Levels to be fused.
    """

    patient_id: str
    sex: Literal["F", "M"]
    age: int
    size: float
    weight: float
    osteoporosis: bool
    diagnosis: str
    fused_levels: tuple[str, ...]

    @property
    def birth_date(self) -> str:
        """PatientBirthDate (DA)."""
        return f"{STUDY_YEAR - self.age}0101"

    def clinical(self) -> dict[str, Any]:
        """Clinical variables as the pipelines read them from a JSON file."""
        return {
            "sex": self.sex,
            "age": self.age,
            "bmi": round(self.weight / self.size**2, 1),
            "segments": len(self.fused_levels),
            "osteoporosis": self.osteoporosis,
            "diagnosis": self.diagnosis,
            "fused_levels": list(self.fused_levels),
        }


def draw_person(seed: int, patient_id: str) -> Person:
    """Draw a patient before a lumbar fusion, from a random stream apart from the anatomy's."""
    numbers = np.random.default_rng((seed, 1))
    sex: Literal["F", "M"] = "F" if numbers.random() < 0.5 else "M"
    size = float(np.round(numbers.normal(1.63 if sex == "F" else 1.76, 0.06), 2))
    bmi = float(np.clip(numbers.normal(26, 3.5), 18.5, 38))
    segments, first = int(numbers.integers(1, 3)), int(numbers.integers(0, 2))
    return Person(
        patient_id,
        sex,
        age=int(numbers.integers(42, 79)),
        size=size,
        weight=round(bmi * size**2, 1),
        osteoporosis=bool(numbers.random() < (0.4 if sex == "F" else 0.15)),
        diagnosis=DIAGNOSES[int(numbers.integers(3))],
        fused_levels=FUSIBLE[first : first + segments],
    )
