"""Train the demonstration predictors on simulated patients.

`python -m models.signatures.train_demo ROWS OUT` reads one JSON object of features per generated patient from
the folder ROWS, or the */reference.json of an earlier training there, and writes the folders OUT/asdeg and
OUT/pain.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import expit

from models.signatures.builders import absent, build, columns_of_kind
from models.signatures.card import INTENDED_USE, model_card
from models.signatures.description import Description, VariantPlan, built_in, built_in_names
from models.signatures.metrics import measured
from models.signatures.package import fitted_variant, write_package
from models.signatures.predictor import Variant
from models.signatures.reference import (
    Reference,
    Row,
    measure,
    read_source,
    write_reference,
)
from models.signatures.robust import ROBUST_FEATURES
from models.signatures.simulated import EFFECTS, PREVALENCE, Cohort, draw

VERSION: Final = "0.2.0"
HELD_OUT: Final = 2000
_REFERENCE: Final = "reference.json"


def train_demonstration(
    rows: Sequence[Row] | Reference,
    out_dir: Path,
    seed: int = 0,
    n_patients: int = 1500,
    *,
    created: str = "2026-03-01",
    origin: str | None = None,
    profiles: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Train and write asdeg and pain.

    Parameters
    ----------
    rows : sequence of mappings, or Reference
        One feature row (`pipelines.features.table.feature_row`) per generated patient, at least 8; they give
        each feature its place and spread, and the model its columns. A reference says the same.
    out_dir : Path
        Gets the folders asdeg and pain: *.skops, predictor.json, reference.json, manifest, card.
    seed : int
        The same rows and seed give the same bytes.
    n_patients : int
        Simulated patients to train on; 2000 more are held out.
    created : str
        Date for the manifest, so that no clock is read.
    origin : str, optional
        Where the rows come from, for the model card; by default "measured on N generated patients".
    profiles : mapping of str to str, optional
        Name and version, and sha256, of the radiomics profiles of the rows' features, for the manifest: a
        predictor is refused where a profile has another content by then.

    Returns
    -------
    dict
        Target to its metrics on the held-out simulated patients.
    """
    reference = rows if isinstance(rows, Reference) else measure(rows, origin)
    return {
        name: train_target(
            built_in(name),
            reference,
            out_dir / name,
            seed=seed,
            n_patients=n_patients,
            created=created,
            profiles=profiles or {},
        )
        for name in built_in_names()
    }


def train_target(
    description: Description,
    reference: Reference,
    folder: Path,
    *,
    seed: int,
    n_patients: int,
    created: str,
    profiles: Mapping[str, str],
) -> dict[str, Any]:
    """Train one target on patients drawn around `reference`, and write its folder.

    Raises
    ------
    ValueError
        If no variant of the description has all its blocks in `reference`.
    """
    description = demonstration(description)
    reference = robust(reference)
    names = tuple(reference.quantiles)
    plans = [variant for variant in description.variants if not absent(variant, names)]
    if not plans:
        lacking = ", ".join(absent(description.variants[-1], names))
        raise ValueError(f"{description.name}: the feature rows lack {lacking}")
    trained = [_train_variant(variant, description, reference, seed, n_patients) for variant in plans]
    variants = tuple(variant for variant, _ in trained)
    metrics: dict[str, Any] = {
        "data": "simulated patients, held out from training",
        "train_patients": n_patients,
        "held_out_patients": HELD_OUT,
        "variants": {variant.name: figures for variant, figures in trained},
    }
    training = (
        f"{n_patients} simulated patients with a known effect; feature ranges {reference.origin}; "
        "no real patient"
    )
    folder.mkdir(parents=True, exist_ok=True)
    read = {name for variant in variants for name in variant.columns}
    write_reference(reference.restricted(read), folder / _REFERENCE)
    write_package(
        folder,
        description,
        variants,
        name=f"demonstration-{description.name}",
        version=VERSION,
        training_data=training,
        intended_use=INTENDED_USE,
        metrics=metrics,
        created=created,
        profiles=profiles,
        demonstration=True,
        extra_files=(_REFERENCE,),
        card=model_card(description, training, metrics),
    )
    return metrics


def demonstration(description: Description) -> Description:
    """Leave few features and one linear classifier: the simulated effect is linear, contributions exact."""
    recipe = description.recipe.model_copy(
        update={"classifiers": ("logistic_regression",), "selection": "lasso"}
    )
    return description.model_copy(update={"recipe": recipe})


def robust(reference: Reference) -> Reference:
    """Keep the radiomics features that stand still under small changes of a mask, and all others."""
    names = (name for name in reference.quantiles if name.split(".")[2] != "radiomics")
    kept = {name for name in reference.quantiles if name.rpartition(".")[2] in ROBUST_FEATURES}
    return reference.restricted({*names, *kept})


def fit_variant(plan: VariantPlan, description: Description, train: Cohort, seed: int) -> Variant:
    """Fit one availability pattern's model on the training patients."""
    frame = _frame(train)
    model = build(description, "combined", train.columns, seed=seed, variant=plan)
    variant = fitted_variant(plan, model.fit(frame, train.outcome), frame, train.outcome)
    # how simulated features go together is made up: measured against it every real patient would be novel
    return replace(variant, novelty=None)


def _train_variant(
    plan: VariantPlan, description: Description, reference: Reference, seed: int, n_patients: int
) -> tuple[Variant, dict[str, dict[str, float]]]:
    """Draw the variant's own patients, fit it on the first `n_patients`, measure it on the rest."""
    cohort = _cohort(plan, description, reference, seed, n_patients + HELD_OUT)
    test = cohort.part(slice(n_patients, None))
    fitted = fit_variant(plan, description, cohort.part(slice(n_patients)), seed)
    return fitted, _figures(fitted, test)


def _cohort(
    plan: VariantPlan, description: Description, reference: Reference, seed: int, n_patients: int
) -> Cohort:
    """Draw patients with the features the variant reads; effects on anything else are left out."""
    names = tuple(reference.quantiles)
    features = {*plan.measurements}
    for kind in ("radiomics", "deep"):
        features.update(columns_of_kind(plan, names, kind))
    known = features.union(description.clinical_columns)
    effects = {name: size for name, size in EFFECTS[description.name].items() if name in known}
    return draw(
        reference.restricted(features),
        tuple(description.clinical),
        effects,
        n_patients=n_patients,
        rng=np.random.default_rng(seed),
        prevalence=PREVALENCE[description.name],
    )


def _frame(cohort: Cohort) -> pd.DataFrame:
    return pd.DataFrame(cohort.values, columns=list(cohort.columns))


def _figures(variant: Variant, test: Cohort) -> dict[str, dict[str, float]]:
    x = _frame(test)
    parts = {
        "best possible": expit(test.risk),
        "combined": variant.probabilities(x),
        **variant.model.signature_proba(x),
    }
    return {name: measured(test.outcome, probability) for name, probability in parts.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: ROWS OUT [--seed N] [--patients N] [--created DATE] [--origin TEXT]."""
    parser = argparse.ArgumentParser(description=train_demonstration.__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("rows", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patients", type=int, default=1500)
    parser.add_argument("--created", default="2026-03-01")
    parser.add_argument("--origin")
    given = parser.parse_args(arguments)
    rows = read_source(given.rows)
    report = train_demonstration(
        rows, given.out, given.seed, given.patients, created=given.created, origin=given.origin
    )
    for target, metrics in report.items():
        for variant, models in metrics["variants"].items():
            auc, best = models["combined"]["auc"], models["best possible"]["auc"]
            sys.stdout.write(f"{target} {variant}: AUC {auc} of at best {best}\n")


if __name__ == "__main__":
    main()
