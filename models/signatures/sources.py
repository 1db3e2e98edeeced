"""Where the effect of a generated cohort sits: which features carry which part of the risk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.signatures.clinical import DIAGNOSES

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Carrier:
    """One hidden score: its share of the risk's variance and the features that show it.

    Attributes
    ----------
    share : float
    loading : float
        Correlation of each carrying feature with the score, but for its sign.
    features : tuple of str
        Feature keys; one that ends in "." stands for every feature that begins so.
    """

    share: float
    loading: float
    features: tuple[str, ...]

    def carries(self, column: str) -> bool:
        """Tell whether a feature shows this score."""
        return any(column.startswith(one) if one.endswith(".") else column == one for one in self.features)


@dataclass(frozen=True)
class Source:
    """The parts of one predictor's effect: their shares sum to one.

    `clinical` names the variables that are drawn, `clinical_weights` how the risk weighs their scores.
    """

    carriers: Mapping[str, Carrier]
    clinical: tuple[str, ...]
    clinical_share: float
    clinical_weights: Mapping[str, float]


# A whole structure's features show a score, as degeneration and fat do: with 192 patients no method finds a
# single one among a thousand.
_STRUCTURES: Final = ("mr_sag_t2.disc", "mr_sag_t1.disc", "mr_sag_t2.body", "mr_sag_t1.body")
_MUSCLES: Final = ("multifidus", "erector_spinae")
_AXIAL: Final = ("mr_axial_t2", "mr_axial_t1")


def _axial(kind: str) -> tuple[str, ...]:
    return tuple(f"{role}.{muscle}.{kind}." for role in _AXIAL for muscle in _MUSCLES)


#: After what Zou et al. 2025 and Suo et al. 2026 found; the sizes are ours. Suo et al. use no deep features.
SOURCES: Final[Mapping[str, Source]] = {
    "asdeg": Source(
        carriers={
            "radiomics": Carrier(
                0.40, 0.60, (*(f"{one}.radiomics." for one in _STRUCTURES), *_axial("radiomics"))
            ),
            "deep": Carrier(0.30, 0.60, tuple(f"{one}.deep." for one in _STRUCTURES)),
        },
        clinical=("age", "sex", "bmi", "osteoporosis", "diagnosis", "segments"),
        clinical_share=0.30,
        clinical_weights={"osteoporosis": 0.7, "diagnosis": 0.5, "segments": 0.5},
    ),
    "pain": Source(
        carriers={
            "radiomics": Carrier(0.40, 0.60, _axial("radiomics")),
            "measurement": Carrier(
                0.20, 0.90, tuple(f"{role}.multifidus.measurement.fat_fraction" for role in _AXIAL)
            ),
            "deep": Carrier(0.15, 0.60, _axial("deep")),
        },
        clinical=("age", "sex", "bmi"),
        clinical_share=0.25,
        clinical_weights={"age": 0.5, "sex": 0.5, "bmi": 0.7},
    ),
}

_DRAWN: Final = ("age", "bmi", "sex", "osteoporosis", "segments", "diagnosis")
#: Mean and spread of what `clinical_values` draws, so that a patient's score depends on the patient alone.
_SCALE: Final[Mapping[str, tuple[float, float]]] = {
    "age": (60.0, 11.0),
    "bmi": (25.5, 3.8),
    "sex": (0.45, 0.4975),
    "osteoporosis": (0.30, 0.4583),
    "segments": (1.55, 0.6690),
    "diagnosis": (0.20, 0.4),
}


def clinical_values(variables: Sequence[str], n_patients: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw clinical variables as a fusion cohort would have them.

    Parameters
    ----------
    variables : sequence of str
        Of age (years), bmi (kg/m2), sex ("M", "F"), osteoporosis (bool), segments (1 to 3) and diagnosis.

    Returns
    -------
    DataFrame of n_patients rows
        Columns `clinical.<variable>`, raw values.
    """
    drawn = {
        "age": np.clip(rng.normal(60, 11, n_patients), 18, 95).round(),
        "bmi": np.clip(rng.normal(25.5, 3.8, n_patients), 15, 50).round(1),
        "sex": np.where(rng.random(n_patients) < 0.45, "M", "F"),
        "osteoporosis": rng.random(n_patients) < 0.3,
        "segments": rng.choice([1, 2, 3], n_patients, p=[0.55, 0.35, 0.10]),
        "diagnosis": np.array(DIAGNOSES)[rng.choice(len(DIAGNOSES), n_patients, p=[0.35, 0.40, 0.20, 0.05])],
    }
    return pd.DataFrame({f"clinical.{name}": drawn[name] for name in _DRAWN if name in variables})


def clinical_scores(source: Source, clinical: pd.DataFrame) -> Array:
    """Weigh the clinical variables to one score of unit variance, shape (n_patients,)."""
    total = np.zeros(len(clinical))
    for name, weight in source.clinical_weights.items():
        mean, spread = _SCALE[name]
        total += weight * (_number(clinical[f"clinical.{name}"], name) - mean) / spread
    return total / float(np.sqrt(sum(weight**2 for weight in source.clinical_weights.values())))


def carried(
    source: Source, columns: Sequence[str], scores: Mapping[str, Array], z: Array, seed: int
) -> Array:
    """Let the carrying features show their scores.

    Parameters
    ----------
    columns : sequence of str
        Feature keys.
    z : ndarray of shape (n_patients, n_columns)
        Standard normal numbers; changed in place, and they stay standard normal.
    seed : int
        Fixes the signs.

    Raises
    ------
    ValueError
        If no feature carries one of the scores.
    """
    rng = np.random.default_rng([2, seed])
    for name, carrier in source.carriers.items():
        places = [i for i, column in enumerate(columns) if carrier.carries(column)]
        if not places:
            raise ValueError(f"no feature of the reference carries the {name} part of the effect")
        signs = rng.choice([-1.0, 1.0], len(places))
        rest = np.sqrt(1 - carrier.loading**2)
        z[:, places] = carrier.loading * signs * scores[name][:, None] + rest * z[:, places]
    return z


def _number(values: "pd.Series[str]", name: str) -> Array:
    if name == "sex":
        return np.asarray(values == "M", dtype=np.float64)
    if name == "diagnosis":
        return np.asarray(values == "spondylolisthesis", dtype=np.float64)
    return np.asarray(values, dtype=np.float64)
