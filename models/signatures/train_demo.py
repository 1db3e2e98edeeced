"""Train the demonstration predictors on simulated patients.

`python -m models.signatures.train_demo ROWS OUT` reads one JSON object of features per generated patient from
the folder ROWS and writes the folders OUT/asdeg and OUT/pain.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.special import expit

from models.signatures.clinical import columns_of
from models.signatures.fusion import FusedModel
from models.signatures.metrics import measured
from models.signatures.package import write_package
from models.signatures.predictor import Variant
from models.signatures.recipes import deep_signature, radiomics_signature
from models.signatures.reference import Reference, Row, measure, read_rows
from models.signatures.simulated import EFFECTS, PREVALENCE, Cohort, draw
from models.signatures.targets import ROBUST_FEATURES, TARGETS, TargetPlan, VariantPlan

HELD_OUT: Final = 2000
MOST_COMPONENTS: Final = 32


def train_demonstration(
    rows: Sequence[Row],
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
    rows : sequence of mappings
        One feature row (`pipelines.features.table.feature_row`) per generated patient, at least 8; they give
        each feature its place and spread, and the model its columns.
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
    reference = measure(rows, origin)
    return {
        plan.name: train_target(
            plan,
            reference,
            out_dir / plan.name,
            seed=seed,
            n_patients=n_patients,
            created=created,
            profiles=profiles or {},
        )
        for plan in TARGETS
    }


def train_target(
    plan: TargetPlan,
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
        If no variant of the plan has all its blocks in `reference`.
    """
    plans = [variant for variant in plan.variants if not _absent(variant, reference)]
    if not plans:
        lacking = ", ".join(_absent(plan.variants[-1], reference))
        raise ValueError(f"{plan.name}: the feature rows lack {lacking}")
    trained = [_train_variant(variant, plan, reference, seed, n_patients) for variant in plans]
    metrics: dict[str, Any] = {
        "data": "simulated patients, held out from training",
        "train_patients": n_patients,
        "held_out_patients": HELD_OUT,
        "variants": {variant.name: figures for variant, figures in trained},
    }
    variants = tuple(variant for variant, _ in trained)
    read = {name for variant in variants for name in variant.columns}
    write_package(
        folder,
        plan,
        variants,
        reference.restricted(read),
        metrics=metrics,
        created=created,
        profiles=profiles,
    )
    return metrics


def fit_variant(variant: VariantPlan, plan: TargetPlan, train: Cohort, seed: int) -> Variant:
    """Fit one availability pattern's model on the training patients."""
    direct = (*variant.measurements, *columns_of(plan.clinical))
    radiomics, deep = (_columns(variant, train.columns, kind) for kind in ("radiomics", "deep"))
    columns = (*radiomics, *deep, *direct)
    inputs = list(range(len(columns)))
    first, second = len(radiomics), len(radiomics) + len(deep)
    signatures = [("rad_sign", radiomics_signature(seed=seed), inputs[:first])]
    if deep:
        reduced = deep_signature(seed=seed, components=min(MOST_COMPONENTS, len(deep)))
        signatures.append(("dl_sign", reduced, inputs[first:second]))
    model = FusedModel(signatures, inputs[second:], seed=seed).fit(train.of(columns), train.outcome)
    present = tuple(
        block for block in variant.blocks if any(name.startswith(f"{block}.") for name in columns)
    )
    return Variant(variant.name, present, variant.measurements, columns, model)


def _train_variant(
    variant: VariantPlan, plan: TargetPlan, reference: Reference, seed: int, n_patients: int
) -> tuple[Variant, dict[str, dict[str, float]]]:
    """Draw the variant's own patients, fit it on the first `n_patients`, measure it on the rest."""
    cohort = _cohort(variant, plan, reference, seed, n_patients + HELD_OUT)
    test = cohort.part(slice(n_patients, None))
    fitted = fit_variant(variant, plan, cohort.part(slice(n_patients)), seed)
    return fitted, _figures(fitted, test)


def _cohort(
    variant: VariantPlan, plan: TargetPlan, reference: Reference, seed: int, n_patients: int
) -> Cohort:
    """Draw patients with the features the variant reads; effects on anything else are left out."""
    features = {*variant.measurements}
    for kind in ("radiomics", "deep"):
        features.update(_columns(variant, tuple(reference.quantiles), kind))
    known = features.union(columns_of(plan.clinical))
    effects = {name: size for name, size in EFFECTS[plan.name].items() if name in known}
    rng = np.random.default_rng(seed)
    return draw(
        reference.restricted(features),
        plan.clinical,
        effects,
        n_patients=n_patients,
        rng=rng,
        prevalence=PREVALENCE[plan.name],
    )


def _columns(plan: VariantPlan, available: Sequence[str], kind: str) -> tuple[str, ...]:
    blocks = [block for block in plan.blocks if block.endswith(f".{kind}")]
    return tuple(name for block in blocks for name in sorted(available) if _belongs(name, block))


def _belongs(name: str, block: str) -> bool:
    head, _, feature = name.rpartition(".")
    return head == block and (block.endswith(".deep") or feature in ROBUST_FEATURES)


def _absent(plan: VariantPlan, reference: Reference) -> list[str]:
    """Name what of the plan the rows lack; deep features are used where there are any, not asked for."""
    names = tuple(reference.quantiles)
    blocks = [block for block in plan.blocks if not block.endswith(".deep")]
    absent = [block for block in blocks if not any(_belongs(name, block) for name in names)]
    return absent + [name for name in plan.measurements if name not in names]


def _figures(variant: Variant, test: Cohort) -> dict[str, dict[str, float]]:
    x = test.of(variant.columns)
    parts = {
        "best possible": expit(test.risk),
        "combined": variant.model.predict_proba(x)[:, 1],
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
    rows = read_rows(given.rows)
    report = train_demonstration(
        rows, given.out, given.seed, given.patients, created=given.created, origin=given.origin
    )
    for target, metrics in report.items():
        for variant, models in metrics["variants"].items():
            auc, best = models["combined"]["auc"], models["best possible"]["auc"]
            sys.stdout.write(f"{target} {variant}: AUC {auc} of at best {best}\n")


if __name__ == "__main__":
    main()
