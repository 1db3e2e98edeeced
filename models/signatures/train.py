"""Train a predictor on patients with a known outcome: an honest estimate first, then the models to keep."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import sklearn
from numpy.typing import NDArray

from models.manifest import Manifest
from models.signatures.package import fitted_variant, write_package
from models.signatures.study.cohort_files import clinical_rows, cohort_summary
from models.signatures.study.fits import Fitted
from models.signatures.study.material import Material, digest
from models.signatures.study.measure import headline_of
from models.signatures.study.run import Study, short_estimate, study
from models.signatures.study.settings import Settings
from models.signatures.study.variants import Trainable, trainable
from models.validation.results import Results, key_of

Progress = Callable[[str], None]
Numbers = NDArray[np.float64]

METRICS: Final = "metrics.json"
STUDY: Final = "study"


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training gave.

    Attributes
    ----------
    study : Study
        Of the variant that is reported.
    models : list of (Trainable, Fitted, ndarray)
        Every variant's models and out-of-fold probabilities, the reported variant first.
    metrics : mapping
        As in metrics.json.
    """

    study: Study
    models: list[tuple[Trainable, Fitted, Numbers]]
    metrics: Mapping[str, Any]


def train(material: Material, out: Path, settings: Settings, progress: Progress = lambda _: None) -> Trained:
    """Estimate, fit, and write metrics.json and study/.

    Parameters
    ----------
    material : Material
    out : Path
        Finished fits are kept under out/study/cache: a run that was interrupted goes on from there.
    settings : Settings
    progress : callable
        Gets a line after every fit.

    Raises
    ------
    TrainingInputError
        If no variant can be trained with these patients.
    """
    settings.check()
    variants, notes = trainable(material.table)
    first = variants[0]
    for note in notes:
        progress(note)
    key = digest(material)

    def results(variant: Trainable) -> Results:
        parts = {
            "material": key,
            "variant": variant.plan.name,
            "seed": settings.seed,
            "folds": settings.folds,
            "versions": [version("lumbar-node"), sklearn.__version__],
        }
        return Results(out / STUDY / "cache", key_of(parts))

    found = study(
        first,
        settings,
        results(first),
        stable=material.stable,
        calls=material.calls,
        progress=progress,
    )
    models, further = [(first, found.fitted, found.out_of_fold)], {}
    for variant in variants[1:]:
        fitted, figures, unseen = short_estimate(
            variant, settings, results(variant), stable=material.stable, progress=progress
        )
        models.append((variant, fitted, unseen))
        further[variant.plan.name] = figures
    metrics = {
        **found.metrics,
        "variant": first.plan.name,
        "variants": further,
        "warnings": [*notes, *found.metrics["warnings"]],
    }
    write_study(out, material, found, metrics)
    return Trained(found, models, metrics)


def keep(
    trained: Trained,
    material: Material,
    out: Path,
    *,
    created: str,
    version_name: str = "1.0.0",
    profiles: Mapping[str, str] | None = None,
    models: Mapping[str, str] | None = None,
    demonstration: bool = False,
) -> Manifest:
    """Write the package into `out`: models, card, manifest; no patient's row.

    Parameters
    ----------
    trained : Trained
    material : Material
        What `train` was given.
    out : Path
    created, version_name : str
        Date and version for the manifest.
    profiles, models : mapping of str to str, optional
        Digests of the radiomics profiles and networks that the features came from.
    demonstration : bool
        Whether the patients are simulated.
    """
    table = material.table
    order = [plan.name for plan in table.description.variants]
    variants = [
        fitted_variant(
            one.plan,
            fitted.models[headline_of(list(fitted.models))],
            one.training.frame,
            one.training.outcome,
            out_of_fold=unseen,
        )
        for one, fitted, unseen in trained.models
    ]
    metrics = trained.metrics
    kind = "simulated patients" if demonstration else "patients"
    return write_package(
        out,
        table.description,
        sorted(variants, key=lambda one: order.index(one.name)),
        version=version_name,
        training_data=f"{metrics['n']} {kind}, {metrics['events']} with the outcome; {_places(metrics)}",
        metrics=metrics,
        created=created,
        profiles=profiles,
        models=models,
        demonstration=demonstration,
        cohort={key: metrics[key] for key in ("n", "events", "sites")},
    )


def _places(metrics: Mapping[str, Any]) -> str:
    sites = metrics["sites"]
    return f"{len(sites)} site{'s' if len(sites) > 1 else ''}" if sites else "site not stated"


def write_study(out: Path, material: Material, found: Study, metrics: Mapping[str, Any]) -> None:
    """Write metrics.json, and what stays at the site into study/."""
    folder = out / STUDY
    folder.mkdir(parents=True, exist_ok=True)
    found.predictions.to_csv(folder / "predictions.csv", index=False)
    clinical_rows(material.table).to_csv(folder / "clinical.csv", index=False)
    write_json(folder / "selection.json", found.selection)
    write_json(folder / "cohort.json", cohort_summary(material.table))
    write_json(out / METRICS, metrics)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write plain values, whole or not at all."""
    text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
