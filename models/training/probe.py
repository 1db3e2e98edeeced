"""What pooled features know about anatomy: linear probes on generated people whom the encoder has not seen.

Laid down before the shipped weights were trained. A linear model (ridge, logistic) is fitted from the
features of a structure to what the generator knows about it, out of fold over people, once with the
encoder's weights and once with random ones. The intervals are percentiles of a bootstrap over people, the
same draws for both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.backbone.cubes import to_cube
from models.training.cube_set import Crop
from models.vit import Encoder

Numbers = NDArray[np.float64]

FOLDS = 5
DRAWS = 1000
SEED = 20261128
BATCH = 4  # cubes
PENALTY = 0.01  #: inverse strength of the logistic model's; a fixed one, because fractures are rare
RAREST = 10  #: structures with, and without, what is 0 or 1; else the target is left out


@dataclass(frozen=True, slots=True)
class Target:
    """Something known about a kind of structure.

    Attributes
    ----------
    name, truth, role, structure : str
        For people; key of `Crop.truth`; series; part of the structure's name.
    score : {"R2", "AUC"}
        AUC for what is 0 or 1.
    """

    name: str
    truth: str
    role: str
    structure: str
    score: Literal["R2", "AUC"]


TARGETS = (
    Target("disc degeneration, sagittal T2", "degeneration", "mr_sag_t2", "disc", "R2"),
    Target("fat share of a muscle, axial T2", "fat_share", "mr_axial_t2", "", "R2"),
    Target("marrow density, CT", "marrow_hu", "ct", "vertebra", "R2"),
    Target("fractured body, sagittal T1", "fractured", "mr_sag_t1", "body", "AUC"),
)


def compare(encoders: Mapping[str, Encoder], crops: Sequence[Crop], draws: int = DRAWS) -> dict[str, Any]:
    """Probe two encoders on the same structures.

    Parameters
    ----------
    encoders : mapping of str to Encoder
        Two, under "random" and "trained".
    crops : sequence of Crop
        Of people whom neither has seen.
    draws : int
        Of the bootstrap.

    Returns
    -------
    dict
        "rows": one per target (but those too rare among these people) with "n", "people" and, for "random",
        "trained" and "difference", the score's "value", "low", "high" (95 %). "mean_difference": the same
        over all of them.
    """
    rows, every = [], []
    for target in TARGETS:
        chosen = [crop for crop in crops if _meant(crop, target)]
        truth = np.array([crop.truth[target.truth] for crop in chosen])
        if target.score == "AUC" and min(truth.sum(), (1 - truth).sum()) < RAREST:
            continue
        people = np.array([crop.person for crop in chosen])
        guesses = {
            name: _out_of_fold(features(encoder, chosen), truth, people, target)
            for name, encoder in encoders.items()
        }
        row, differences = _row(target, (truth, people), guesses, draws)
        rows.append(row)
        every.append(differences)
    value = float(np.mean([row["difference"]["value"] for row in rows]))
    return {"rows": rows, "mean_difference": _interval(value, np.mean(every, axis=0))}


def features(encoder: Encoder, crops: Sequence[Crop]) -> Numbers:
    """Give the features of crops: (crops, hidden)."""
    found = []
    for start in range(0, len(crops), BATCH):
        cubes = [to_cube(crop.values, encoder.network.side) for crop in crops[start : start + BATCH]]
        found.append(encoder.features(torch.stack(cubes)).double().numpy())
    return np.concatenate(found)


def _meant(crop: Crop, target: Target) -> bool:
    return crop.role == target.role and target.structure in crop.structure and target.truth in crop.truth


def _out_of_fold(rows: Numbers, truth: Numbers, people: NDArray[np.str_], target: Target) -> Numbers:
    """Guess every structure with a model that has not seen its person."""
    if target.score == "AUC":
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
        logistic = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, class_weight="balanced"))
        odds: Numbers = cross_val_predict(
            logistic, rows, truth, groups=people, cv=folds, method="decision_function"
        )
        return odds
    ridge = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 5, 25)))
    guessed: Numbers = cross_val_predict(ridge, rows, truth, groups=people, cv=GroupKFold(FOLDS))
    return guessed


def _row(
    target: Target, known: tuple[Numbers, NDArray[np.str_]], guesses: Mapping[str, Numbers], draws: int
) -> tuple[dict[str, Any], Numbers]:
    """Score both encoders on truth and people; return the row, and the differences of every draw."""
    truth, people = known
    score = _score_of(target)
    drawn = {name: _bootstrap(score, known, guess, draws) for name, guess in guesses.items()}
    values = {name: score(truth, guess) for name, guess in guesses.items()}
    differences = drawn["trained"] - drawn["random"]
    row = {
        "target": target.name,
        "score": target.score,
        "n": len(truth),
        "people": len(set(people.tolist())),
        **{name: _interval(values[name], drawn[name]) for name in guesses},
        "difference": _interval(values["trained"] - values["random"], differences),
    }
    return row, differences


def _score_of(target: Target) -> Callable[[Numbers, Numbers], float]:
    score: Callable[[Numbers, Numbers], float] = roc_auc_score if target.score == "AUC" else r2_score
    return score


def _bootstrap(
    score: Callable[[Numbers, Numbers], float],
    known: tuple[Numbers, NDArray[np.str_]],
    guess: Numbers,
    draws: int,
) -> Numbers:
    """Score guesses on people drawn with replacement; a draw of one class only is drawn again."""
    truth, people = known
    numbers = np.random.default_rng(SEED)
    names = np.unique(people)
    places = {name: np.flatnonzero(people == name) for name in names}
    found: list[float] = []
    while len(found) < draws:
        drawn = np.concatenate([places[name] for name in numbers.choice(names, len(names))])
        if np.ptp(truth[drawn]) > 0:
            found.append(float(score(truth[drawn], guess[drawn])))
    return np.array(found)


def _interval(value: float, draws: Numbers) -> dict[str, float]:
    low, high = np.percentile(draws, [2.5, 97.5])
    return {"value": round(float(value), 4), "low": round(float(low), 4), "high": round(float(high), 4)}
