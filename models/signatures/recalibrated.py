"""A new version of a package for another site: the same models, probabilities brought to the site's level."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from models.signatures.conformal import ConformalSets
from models.signatures.errors import TrainingInputError
from models.signatures.metrics import measured
from models.signatures.package import CARD, METRICS, load_predictor, write_package
from models.signatures.predictor import TrainedPredictor, Variant
from models.signatures.recalibrate import Recalibration
from models.signatures.selection import usable_folds
from models.signatures.table import FeatureTable

Vector = NDArray[np.float64]

_FOLDS: Final = 10
_REPORTS: Final = ("report.html", "report.pdf")


@dataclass(frozen=True, eq=False)
class Recalibrated:
    """One variant at the new site.

    Attributes
    ----------
    variant : Variant
    n, events : int
        Patients of the site who have its inputs.
    before, after : mapping of str to float
        Discrimination and calibration (`models.signatures.metrics.measured`). After: every patient by a
        recalibration fitted without them, in ten folds.
    """

    variant: Variant
    n: int
    events: int
    before: Mapping[str, float]
    after: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Give plain values, for JSON."""
        own = asdict(self.variant.recalibration)
        return {"n": self.n, "events": self.events, **own, "before": self.before, "after": self.after}


def recalibrate_package(
    folder: Path, table: FeatureTable, out: Path, *, version: str, created: str, seed: int = 0
) -> dict[str, Any]:
    """Write a new version of a package, recalibrated on a site's patients.

    Parameters
    ----------
    folder : Path
        The package as it is.
    table : FeatureTable
        Patients of the site that the model was not trained on; external rows are left out.
    out : Path
        Folder of the new version; must not hold another model.
    version, created : str
        For the manifest.
    seed : int

    Returns
    -------
    dict
        "variants": name to what was measured (`Recalibrated.as_dict`), "left_out": name to why.

    Raises
    ------
    TrainingInputError
        If no variant has enough patients in the table, or `out` is in use.
    models.manifest.ManifestError
        If the package does not verify.
    """
    if out.exists() and any(out.iterdir()):
        raise TrainingInputError(f"{out}: is not empty; give a new folder for the new version")
    predictor = load_predictor(folder.resolve().name, folder.resolve().parent)
    patients = table.rows(~table.external)
    done: dict[str, Recalibrated] = {}
    left_out: dict[str, str] = {}
    for variant in predictor.variants:
        try:
            done[variant.name] = recalibrated(variant, patients, seed)
        except TrainingInputError as error:
            left_out[variant.name] = str(error)
    if not done:
        raise TrainingInputError("; ".join(f"{name}: {why}" for name, why in left_out.items()))
    found = {"variants": {name: one.as_dict() for name, one in done.items()}, "left_out": left_out}
    _write(predictor, folder, out, done, found, version=version, created=created)
    return found


def recalibrated(variant: Variant, table: FeatureTable, seed: int = 0) -> Recalibrated:
    """Recalibrate one variant on the patients who have its inputs.

    Raises
    ------
    TrainingInputError
        If the table lacks inputs, or has too few patients with them.
    """
    x, there = _inputs(variant, table)
    outcome = table.outcome[there]
    now = np.asarray(variant.probabilities(x[there]))
    again = Recalibration.fit(outcome, now)
    unseen = _cross_fitted(outcome, now, seed)
    changed = replace(
        variant,
        recalibration=again.after(variant.recalibration),
        conformal=ConformalSets.fit(outcome, unseen),
    )
    events = int(outcome.sum())
    return Recalibrated(changed, len(outcome), events, _figures(outcome, now), _figures(outcome, unseen))


def _figures(outcome: NDArray[np.int64], probability: Vector) -> dict[str, float]:
    """Measure, with what an intercept alone mends: the mean risk against the share with the outcome."""
    means = {"mean_risk": float(probability.mean()), "observed": float(outcome.mean())}
    return {**measured(outcome, probability), **means}


def _inputs(variant: Variant, table: FeatureTable) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Give what the variant reads, and who has something of all its images' blocks and measurements."""
    frame = table.frame
    blocks = [block for block in variant.blocks if not block.endswith(".deep")]
    needed = [[name for name in variant.columns if name.rpartition(".")[0] == block] for block in blocks]
    needed += [[name] for name in variant.measurements]
    needed = needed or [list(variant.columns)]
    scanners = list(table.scanners.columns)
    x = frame.reindex(columns=[*variant.columns, *scanners])
    there = np.ones(len(frame), dtype=bool)
    for names in needed:
        if not any(name in frame for name in names):
            block = names[0].rpartition(".")[0] or names[0]
            raise TrainingInputError(f"the table has no {block}, which the model reads")
        there &= x[names].notna().any(axis=1).to_numpy()
    return x, there


def _cross_fitted(outcome: NDArray[np.int64], probability: Vector, seed: int) -> Vector:
    folds = StratifiedKFold(usable_folds(_FOLDS, outcome), shuffle=True, random_state=seed)
    unseen = np.empty(len(outcome))
    for train, test in folds.split(probability, outcome):
        again = Recalibration.fit(outcome[train], probability[train], least=2)
        unseen[test] = again.apply(probability[test])
    return unseen


def _write(
    predictor: TrainedPredictor,
    folder: Path,
    out: Path,
    done: Mapping[str, Recalibrated],
    found: Mapping[str, Any],
    *,
    version: str,
    created: str,
) -> None:
    manifest = predictor.manifest
    out.mkdir(parents=True, exist_ok=True)
    extra = [name for name in manifest.files if _is_extra(name)]
    for name in extra:
        shutil.copyfile(folder / name, out / name)
    before = folder / METRICS
    metrics = json.loads(before.read_text(encoding="utf-8")) if before.exists() else dict(manifest.metrics)
    counts = ", ".join(f"{one.n} ({one.events} with the outcome) for {n}" for n, one in done.items())
    write_package(
        out,
        predictor.description,
        [done[one.name].variant if one.name in done else one for one in predictor.variants],
        version=version,
        training_data=f"{manifest.training_data}; recalibrated on others, as their site says: {counts}",
        metrics={**metrics, "recalibration": {"from_version": manifest.version, **found}},
        created=created,
        profiles=manifest.settings.get("profiles"),
        models=manifest.settings.get("models"),
        cohort=manifest.settings.get("cohort"),
        demonstration=predictor.demonstration,
        name=manifest.name,
        intended_use=manifest.intended_use,
        extra_files=extra,
        card=_card(folder, version, manifest.version, found),
    )


def _is_extra(name: str) -> bool:
    """Whether a file goes along as it is; the report is of the earlier version and stays with it."""
    return not name.endswith(".skops") and name not in ("predictor.json", METRICS, CARD, *_REPORTS)


def _card(folder: Path, version: str, earlier: str, found: Mapping[str, Any]) -> str:
    """Append what was done to the earlier version's card."""
    old = (folder / CARD).read_text(encoding="utf-8") if (folder / CARD).exists() else ""
    lines = [
        f"## Recalibration: version {version}, from {earlier}",
        "",
        "The order of patients is unchanged. Figures before → after, each patient by a recalibration fitted",
        "without them.",
        "",
        "| variant | patients | events | intercept | slope | Brier | calibration intercept | its slope |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in found["variants"].items():
        first, second = one["before"], one["after"]
        cells = (
            name,
            str(one["n"]),
            str(one["events"]),
            f"{one['intercept']:.3f}",
            f"{one['slope']:.3f}",
            f"{first['brier']:.3f} → {second['brier']:.3f}",
            f"{first['calibration_intercept']:.2f} → {second['calibration_intercept']:.2f}",
            f"{first['calibration_slope']:.2f} → {second['calibration_slope']:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += [f"\nNot recalibrated: {name}: {why}" for name, why in found["left_out"].items()]
    return f"{old.rstrip()}\n\n" + "\n".join(lines) + "\n"
