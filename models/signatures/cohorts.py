"""Generated cohorts: feature tables of patients whose outcome depends on their features in a known way.

The log-odds of the outcome are a weighted sum of one hidden score per source (radiomics, deep features,
measurements) and of clinical variables. A score shows in several features, as degeneration does; the weights
are set so that the true risk reaches a wanted AUC, which no model can beat.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from models.signatures.reference import Reference, read_reference
from models.signatures.simulated import correlated
from models.signatures.sites import assign_sites, blank, scanner_columns, shifted
from models.signatures.sources import SOURCES, Source, carried, clinical_scores, clinical_values

Array = NDArray[np.float64]

#: Best possible AUC by name of the effect.
EFFECTS: Final[Mapping[str, float]] = {"small": 0.65, "medium": 0.75, "large": 0.85}
PREVALENCE: Final[Mapping[str, float]] = {"asdeg": 0.35, "pain": 0.40}
PREDICTORS: Final = tuple(SOURCES)
#: Zou et al. 2025: of 305 patients, 192 to train, 83 to test, 30 of another hospital.
SPLIT: Final = (192, 83, 30)

_POPULATION: Final = 20_000  # people by whom the weights are set: the AUC is then right to about .002
_WEIGHTS: Final = Path(__file__).parents[1] / "weights"


@dataclass(frozen=True)
class Plan:
    """What is drawn.

    Attributes
    ----------
    predictor : str
        "asdeg" or "pain".
    n_patients : int
    best_auc : float
        AUC that the true risk reaches in a large population, above .5 and below 1; exactly .5 is no effect.
    sites : int
        Hospitals. With two or more, the last one's patients are the split "external".
    site_shift : float
        How far the scanners of two sites lie apart, in standard deviations of a feature; 0 is not at all.
    missing : float
        Share of structures, and of clinical values, that are missing completely at random; below .9.
    seed : int
    """

    predictor: str
    n_patients: int
    best_auc: float
    sites: int
    site_shift: float
    missing: float
    seed: int

    def check(self, least: int = 20) -> None:
        """Raise ValueError, naming the argument and what is allowed, if anything is out of range."""
        rules = (
            (self.predictor in PREDICTORS, "predictor", self.predictor, "asdeg or pain"),
            (self.n_patients >= least, "patients", self.n_patients, f"{least} or more"),
            (0.5 <= self.best_auc <= 0.99, "effect", self.best_auc, "a best possible AUC from .5 to .99"),
            (
                1 <= self.sites <= max(1, self.n_patients // 5),
                "sites",
                self.sites,
                "1 to a fifth of the patients",
            ),
            (0 <= self.site_shift <= 5, "site shift", self.site_shift, "0 to 5 standard deviations"),
            (0 <= self.missing < 0.9, "missing", self.missing, "a share from 0 to below .9"),
        )
        for kept, name, value, allowed in rules:
            if not kept:
                raise ValueError(f"{name} {value}: must be {allowed}")


def simulate(  # noqa: PLR0917 - the brief of a cohort, in the order in which people give it
    predictor: str = "asdeg",
    n_patients: int = 305,
    best_auc: float = EFFECTS["medium"],
    sites: int = 3,
    site_shift: float = 0.0,
    missing: float = 0.0,
    seed: int = 0,
    *,
    reference: Reference | None = None,
) -> tuple[pd.DataFrame, Array]:
    """Draw a cohort's feature table.

    Parameters
    ----------
    predictor, n_patients, best_auc, sites, site_shift, missing, seed
        See `Plan`. The same arguments give the same table; `missing` and `site_shift` leave the patients,
        their true risk and their outcome as they are.
    reference : Reference, optional
        Where the features lie; those of the shipped predictor by default.

    Returns
    -------
    table : DataFrame of n_patients rows
        `patient`, `outcome` (0, 1), `site`, `split` ("train", "test", "external"), `scanner.<role>`,
        `clinical.<variable>`, and the features.
    true_risk : ndarray of shape (n_patients,)
        Probability of the outcome that each patient's was drawn with; no model can rank better.

    Raises
    ------
    ValueError
        If an argument is not allowed, or the reference lacks the features that carry the effect.
    """
    plan = Plan(predictor, n_patients, best_auc, sites, site_shift, missing, seed)
    plan.check()
    source = SOURCES[predictor]
    known = shipped_reference(predictor) if reference is None else reference
    columns = tuple(sorted(known.quantiles))
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(6)]
    for_patients, for_features, for_sites, for_shift, for_missing, for_outcome = streams
    clinical = clinical_values(source.clinical, n_patients, for_patients)
    scores = _scores(source, n_patients, for_patients)
    risk = true_risk(source, plan, scores, clinical)
    outcome = (for_outcome.random(n_patients) < risk).astype(np.int64)
    z = carried(source, columns, scores, correlated(columns, n_patients, for_features), seed)
    site, split = assign_sites(n_patients, sites, SPLIT, for_sites)
    values = known.values(columns, shifted(z, columns, site, site_shift, for_shift))
    patients = [f"P{i:05d}" for i in range(1, n_patients + 1)]
    head = pd.DataFrame({"patient": patients, "outcome": outcome, "site": site, "split": split})
    features = pd.DataFrame(values, columns=list(columns))
    table = pd.concat([head, scanner_columns(columns, site), clinical, features], axis=1)
    return blank(table, missing, for_missing), risk


def true_risk(source: Source, plan: Plan, scores: Mapping[str, Array], clinical: pd.DataFrame) -> Array:
    """Give each patient's probability of the outcome, shape (n_patients,).

    The weights' common factor and the intercept are set in a large population drawn in the same way.
    """
    rng = np.random.default_rng([1, *map(ord, plan.predictor)])
    people = clinical_values(source.clinical, _POPULATION, rng)
    reach = _linear(source, _scores(source, _POPULATION, rng), people)
    scale, intercept = calibrated(reach, plan.best_auc, PREVALENCE[plan.predictor])
    return np.asarray(expit(scale * _linear(source, scores, clinical) + intercept), dtype=np.float64)


def calibrated(score: Array, best_auc: float, prevalence: float) -> tuple[float, float]:
    """Find factor and intercept of the log-odds, so that the risk reaches an AUC at a prevalence.

    Parameters
    ----------
    score : ndarray of shape (n,)
        Of a population; about standard normal.
    best_auc : float
        .5 gives the factor 0.
    prevalence : float

    Raises
    ------
    ValueError
        If these people cannot be told apart so well.
    """

    def intercept(scale: float) -> float:
        return float(brentq(lambda b: expit(scale * score + b).mean() - prevalence, -200.0, 200.0))

    def excess(scale: float) -> float:
        return expected_auc(expit(scale * score + intercept(scale))) - best_auc

    if best_auc == 0.5:
        return 0.0, intercept(0.0)
    if excess(20.0) < 0:
        raise ValueError(f"a best possible AUC of {best_auc:g} is beyond what {len(score)} people can show")
    scale = float(brentq(excess, 1e-6, 20.0, xtol=1e-4))
    return scale, intercept(scale)


def expected_auc(risk: Array) -> float:
    """Give the AUC to expect of ranking people by the very risk their outcome is drawn with.

    Parameters
    ----------
    risk : ndarray of shape (n,)
        Probabilities; ties count half.

    Returns
    -------
    float
        The share of pairs of one person with and one without the outcome, weighted by the probability of
        being such a pair, in which the one with it has the higher risk.
    """
    levels, place = np.unique(risk, return_inverse=True)
    ill = np.bincount(place, weights=risk, minlength=levels.size)
    well = np.bincount(place, weights=1.0 - risk, minlength=levels.size)
    below = np.cumsum(well) - well
    return float((ill * (below + well / 2)).sum() / (ill.sum() * well.sum()))


def shipped_reference(predictor: str) -> Reference:
    """Read where the features lie in the generated patients that the shipped predictor stands on."""
    return read_reference(_WEIGHTS / predictor / "reference.json")


def _scores(source: Source, n: int, rng: np.random.Generator) -> dict[str, Array]:
    return {name: rng.normal(size=n) for name in source.carriers}


def _linear(source: Source, scores: Mapping[str, Array], clinical: pd.DataFrame) -> Array:
    """Weigh the scores and the clinical variables; unit variance but for chance."""
    total = np.sqrt(source.clinical_share) * clinical_scores(source, clinical)
    for name, carrier in source.carriers.items():
        total = total + np.sqrt(carrier.share) * scores[name]
    return np.asarray(total, dtype=np.float64)
