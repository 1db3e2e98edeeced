"""Simulated patients whose outcome depends on their features in a known way.

Features of one block (`<role>.<group>.<kind>`) share a few hidden factors, so that they correlate as real
ones do, and lie where `Reference` says. The outcome is drawn from a logistic model of a few of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from models.signatures.clinical import DIAGNOSES, columns_of, encode
from models.signatures.reference import Reference

Matrix = NDArray[np.float64]

FACTORS: Final = 4
COMMUNALITY: Final = 0.6  # share of a feature's variance that its block's factors explain

_ASDEG: Final = {
    "mr_sag_t2.disc.radiomics.wavelet-HHH_gldm_DependenceVariance": 0.7,
    "mr_sag_t2.disc.radiomics.original_firstorder_Median": -0.5,
    "mr_sag_t1.body.radiomics.original_glcm_JointEntropy": 0.4,
    "ct.vertebra.radiomics.original_firstorder_Mean": -0.3,
    "mr_axial_t2.multifidus.radiomics.original_firstorder_90Percentile": 0.3,
    "mr_sag_t2.disc.deep.deep_000": 0.5,
    "mr_sag_t2.disc.deep.deep_001": -0.4,
    "mr_sag_t1.disc.deep.deep_000": 0.3,
    "clinical.osteoporosis": 0.5,
    "clinical.segments": 0.3,
    "clinical.diagnosis=spondylolisthesis": 0.3,
}
_MUSCLE: Final = {
    "multifidus.measurement.fat_fraction": 0.7,
    "multifidus.radiomics.original_glcm_JointEntropy": 0.5,
    "multifidus.radiomics.original_ngtdm_Contrast": 0.3,
    "erector_spinae.radiomics.original_firstorder_Skewness": -0.4,
}
_PAIN: Final = {
    **{f"{role}.{name}": size for role in ("mr_axial_t2", "mr_axial_t1") for name, size in _MUSCLE.items()},
    "clinical.age": 0.2,
    "clinical.bmi": 0.3,
    "clinical.sex=M": -0.2,
}
#: Log-odds per standard deviation, after what Zou et al. 2025 and Suo et al. 2026 found; the sizes are ours.
EFFECTS: Final[Mapping[str, Mapping[str, float]]] = {"asdeg": _ASDEG, "pain": _PAIN}
PREVALENCE: Final[Mapping[str, float]] = {"asdeg": 0.35, "pain": 0.40}


@dataclass(frozen=True)
class Cohort:
    """Simulated patients.

    Attributes
    ----------
    columns : tuple of str
    values : ndarray of shape (n_patients, n_columns)
    outcome : ndarray of int, shape (n_patients,)
    risk : ndarray of shape (n_patients,)
        The true log-odds; no model can rank better than they do.
    """

    columns: tuple[str, ...]
    values: Matrix
    outcome: NDArray[np.int64]
    risk: Matrix

    def part(self, rows: slice) -> "Cohort":
        """Give some of the patients."""
        return Cohort(self.columns, self.values[rows], self.outcome[rows], self.risk[rows])

    def of(self, columns: Sequence[str]) -> Matrix:
        """Give some of the columns, shape (n_patients, len(columns))."""
        place = {name: i for i, name in enumerate(self.columns)}
        return self.values[:, [place[name] for name in columns]]


def draw(
    reference: Reference,
    clinical: tuple[str, ...],
    effects: Mapping[str, float],
    *,
    n_patients: int,
    rng: np.random.Generator,
    prevalence: float = 0.4,
) -> Cohort:
    """Draw patients with a known effect.

    Parameters
    ----------
    reference : Reference
        Its features become columns, in sorted order, followed by the clinical columns.
    clinical : tuple of str
        Clinical variables.
    effects : mapping of str to float
        Column to log-odds per standard deviation.
    n_patients : int
    rng : numpy.random.Generator
    prevalence : float
        Expected share of patients with the outcome.

    Raises
    ------
    ValueError
        If an effect names a column that is not drawn.
    """
    features = tuple(sorted(reference.quantiles))
    z = correlated(features, n_patients, rng)
    background = clinical_background(clinical, n_patients, rng)
    columns = features + columns_of(clinical)
    if strange := sorted(set(effects) - set(columns)):
        raise ValueError(f"effects on columns that are not drawn: {', '.join(strange)}")
    scores = np.column_stack([z, _z_scored(background)])
    place = {name: i for i, name in enumerate(columns)}
    linear = sum((size * scores[:, place[name]] for name, size in effects.items()), np.zeros(n_patients))
    risk = linear + brentq(lambda shift: expit(linear + shift).mean() - prevalence, -50.0, 50.0)
    outcome = (rng.random(n_patients) < expit(risk)).astype(np.int64)
    values = np.column_stack([reference.values(features, z), background])
    return Cohort(columns, values, outcome, risk)


def clinical_background(clinical: tuple[str, ...], n_patients: int, rng: np.random.Generator) -> Matrix:
    """Draw clinical variables as a fusion cohort would have them; shape (n_patients, n_clinical_columns)."""
    age = np.clip(rng.normal(60, 11, n_patients), 18, 95).round()
    bmi = np.clip(rng.normal(25.5, 3.8, n_patients), 15, 50).round(1)
    male = rng.random(n_patients) < 0.45
    osteoporosis = rng.random(n_patients) < 0.3
    segments = rng.choice([1, 2, 3], n_patients, p=[0.55, 0.35, 0.10])
    diagnosis = rng.choice(len(DIAGNOSES), n_patients, p=[0.35, 0.40, 0.20, 0.05])
    names = columns_of(clinical)
    patients = [
        {
            "age": age[i],
            "bmi": bmi[i],
            "sex": "M" if male[i] else "F",
            "osteoporosis": osteoporosis[i],
            "segments": segments[i],
            "diagnosis": DIAGNOSES[diagnosis[i]],
        }
        for i in range(n_patients)
    ]
    return np.array([[row[name] for name in names] for row in map(encode, patients)]).reshape(n_patients, -1)


def correlated(features: Sequence[str], n_patients: int, rng: np.random.Generator) -> Matrix:
    """Draw standard normal numbers, shape (n_patients, n_features), correlated within each block."""
    z: Matrix = rng.normal(size=(n_patients, len(features))) * np.sqrt(1 - COMMUNALITY)
    blocks = [name.rpartition(".")[0] for name in features]
    for block in sorted(set(blocks)):
        members = [i for i, name in enumerate(blocks) if name == block]
        loadings = rng.normal(size=(FACTORS, len(members)))
        loadings *= np.sqrt(COMMUNALITY) / np.linalg.norm(loadings, axis=0)
        z[:, members] += rng.normal(size=(n_patients, FACTORS)) @ loadings
    return z


def _z_scored(values: Matrix) -> Matrix:
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0), dtype=np.float64)
