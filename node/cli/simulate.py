"""`lumbar-node simulate`: a generated cohort whose best possible estimate is known."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Seed
from node.cli.outfolder import prove

if TYPE_CHECKING:
    from models.signatures.cohorts import Plan


class Kind(StrEnum):
    """What is written."""

    FEATURES = "features"
    DICOM = "dicom"


class Target(StrEnum):
    """The predictors whose outcome can be simulated."""

    ASDEG = "asdeg"
    PAIN = "pain"


def simulate(
    *,
    out: Annotated[Path, typer.Option(help="Folder for the cohort; made if missing.")],
    kind: Annotated[
        Kind, typer.Option(help="A feature table, or DICOM studies for `extract`.")
    ] = Kind.FEATURES,
    predictor: Annotated[Target, typer.Option(help="Whose outcome.")] = Target.ASDEG,
    patients: Annotated[int, typer.Option(min=4, help="How many; 305 are split 192, 83, 30.")] = 305,
    effect: Annotated[
        str, typer.Option(help="small (.65), medium (.75), large (.85), or the best possible AUC.")
    ] = "medium",
    sites: Annotated[int, typer.Option(min=1, help="Hospitals; of two or more the last is external.")] = 3,
    site_shift: Annotated[float, typer.Option(min=0, help="Between scanners, in standard deviations.")] = 0,
    missing: Annotated[float, typer.Option(min=0, help="Share of structures and clinical values.")] = 0,
    seed: Seed = 0,
    csv: Annotated[bool, typer.Option("--csv", help="features.csv.gz instead of features.parquet.")] = False,
) -> None:
    """Write a generated cohort with a known effect: to try training with, and to prove it.

    Beside the table (or the studies and cohort.csv) it writes truth.csv, each patient's true risk, and
    simulation.json, with the AUC that no model can beat.
    """
    with one_line():
        from models.signatures.cohorts import Plan

        plan = Plan(predictor.value, patients, _auc(effect), sites, site_shift, missing, seed)
        prove(out)
        try:
            made = _write(kind, plan, out, csv)
        except ValueError as error:
            raise fail(str(error), ExitCode.USAGE) from None
    typer.echo(
        f"{out}: {patients} generated patients, {made['events']} with the outcome; "
        f"best possible AUC {made['best_possible_auc']:.3f}"
    )


def _write(kind: Kind, plan: "Plan", out: Path, csv: bool) -> dict[str, Any]:
    if kind is Kind.DICOM:
        from pipelines.phantom.cohort import write_cohort

        return write_cohort(plan, out, typer.echo)
    from models.signatures.cohort_files import write_features

    return write_features(plan, out, "features.csv.gz" if csv else "features.parquet")


def _auc(effect: str) -> float:
    from models.signatures.cohorts import EFFECTS

    if effect in EFFECTS:
        return EFFECTS[effect]
    try:
        return float(effect)
    except ValueError:
        allowed = f"{', '.join(EFFECTS)}, or a best possible AUC such as 0.8"
        raise fail(f"--effect {effect}: must be {allowed}", ExitCode.USAGE) from None
