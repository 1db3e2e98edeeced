"""A cohort of generated people as DICOM, whose outcome depends on their anatomy in a known way."""

import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm, rankdata

from models.signatures.cohort_files import write_truth
from models.signatures.cohorts import PREVALENCE, SPLIT, Plan, calibrated
from models.signatures.sites import assign_sites
from pipelines.phantom.patient import write_patient

#: What the outcome depends on.
PROPERTIES: Final[Mapping[str, str]] = {"asdeg": "disc_degeneration", "pain": "multifidus_fat"}
LEAST: Final = 4
_FACTS: Final = "facts.json"
_CLINICAL: Final = ("age", "sex", "bmi", "osteoporosis", "diagnosis", "segments", "fused_levels")


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    clinical: Mapping[str, Any]
    facts: Mapping[str, float]


def write_cohort(
    plan: Plan, folder: Path, report: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Write generated people as DICOM studies, and the sheet that `lumbar-node extract` reads.

    The log-odds of the outcome are linear in one property of the anatomy, normalised by rank: wear of the
    lumbar discs (asdeg) or fat in the multifidus (pain).

    Parameters
    ----------
    plan : Plan
        `site_shift` must be 0: all come from one generated scanner. `missing` takes the CT or the MR study
        away, and single clinical values.
    folder : Path
        Made if missing; gets a folder per person, cohort.csv, truth.csv and simulation.json. People who are
        there already are not generated again.
    report : callable
        Told each person's end.

    Returns
    -------
    dict
        The content of simulation.json.

    Raises
    ------
    ValueError
        If the plan asks for what is not allowed.
    """
    plan.check(least=LEAST)
    if plan.site_shift:
        raise ValueError("site shift: DICOM comes from one generated scanner; use --kind features for shifts")
    people = [_written(plan, number, folder, report) for number in range(plan.n_patients)]
    score = _normal_scores(np.array([person.facts[PROPERTIES[plan.predictor]] for person in people]))
    scale, intercept = calibrated(score, plan.best_auc, PREVALENCE[plan.predictor])
    risk = np.asarray(expit(scale * score + intercept), dtype=np.float64)
    draws = np.random.default_rng([3, plan.seed])
    site, split = assign_sites(plan.n_patients, plan.sites, SPLIT, draws)
    outcome = (draws.random(plan.n_patients) < risk).astype(np.int64)
    names = [person.name for person in people]
    table = pd.DataFrame({"patient": names, "outcome": outcome, "site": site, "split": split})
    _write_sheet(folder / "cohort.csv", people, table, plan.missing, draws)
    return write_truth(plan, folder, table, risk, {"kind": "dicom", "property": PROPERTIES[plan.predictor]})


def _written(plan: Plan, number: int, folder: Path, report: Callable[[str], None]) -> _Person:
    """Write one person unless it is there; `facts.json` is written last."""
    name = f"P{number + 1:05d}"
    place = folder / name
    seed = plan.seed * 100_000 + number
    facts = place / _FACTS
    if not facts.exists():
        written = write_patient(place, seed, patient_id=f"SIM-{seed:08d}", small=True, truth=False)
        facts.write_text(json.dumps({**written.anatomy, "seed": seed}) + "\n", encoding="utf-8")
    found = json.loads(facts.read_text(encoding="utf-8"))
    if found["seed"] != seed:
        raise ValueError(f"{place}: holds a person of another --seed; choose another --out")
    report(f"{number + 1} of {plan.n_patients}: {name}")
    clinical = json.loads((place / "clinical.json").read_text(encoding="utf-8"))
    return _Person(name, clinical, found)


def _normal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give standard normal scores by rank; ties share theirs."""
    return np.asarray(norm.ppf((rankdata(values) - 0.5) / len(values)), dtype=np.float64)


def _write_sheet(
    path: Path, people: list[_Person], table: pd.DataFrame, missing: float, draws: np.random.Generator
) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["patient", "studies", *_CLINICAL, "outcome", "site", "split"])
        for person, row in zip(people, table.itertuples(index=False), strict=True):
            cells = [_cell(person.clinical[name], draws.random() < missing) for name in _CLINICAL]
            writer.writerow([person.name, _studies(person.name, missing, draws), *cells, *row[1:]])


def _studies(name: str, missing: float, draws: np.random.Generator) -> str:
    """Name the studies that are there; one at least."""
    kept = [f"{name}/{study}" for study in ("ct", "mr") if draws.random() >= missing]
    return ";".join(kept or [f"{name}/mr"])


def _cell(value: Any, is_missing: bool) -> str:
    if is_missing:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ";".join(value) if isinstance(value, list) else str(value)
