"""`lumbar-node recalibrate`: bring a predictor's probabilities to a site's own level."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from node.cli.errors import ExitCode, fail, one_line


def recalibrate(
    model: Annotated[Path, typer.Argument(metavar="MODEL_DIR", help="Folder of the predictor as it is.")],
    table: Annotated[
        Path,
        typer.Argument(metavar="TABLE", help="Feature table of the site's patients, none of the training."),
    ],
    *,
    out: Annotated[Path, typer.Option(help="New folder for the new version.")],
    outcome: Annotated[str | None, typer.Option(help="Column of the outcome; the predictor's own.")] = None,
    id_: Annotated[str, typer.Option("--id", help="Column that names the rows.")] = "patient",
    drop: Annotated[list[str] | None, typer.Option(help="Column to leave out; may be given again.")] = None,
    version_name: Annotated[str | None, typer.Option(help="Version; default: OLD-recalibrated.")] = None,
) -> None:
    """Recalibrate a predictor on a site's own patients: intercept, and slope from 100 of each outcome on.

    The order of patients by risk does not change. What was measured before and after goes to metrics.json
    and the model card.
    """
    with one_line():
        from models.manifest import read_manifest
        from models.signatures.errors import TrainingInputError
        from models.signatures.package import load_predictor
        from models.signatures.recalibrated import recalibrate_package
        from models.signatures.table import read_table

        try:
            folder = model.resolve()
            description = load_predictor(folder.name, folder.parent).description
            patients = read_table(
                table, outcome=outcome, id=id_, drop=drop or (), external="", description=description
            )
            found = recalibrate_package(
                folder,
                patients,
                out,
                version=version_name or f"{read_manifest(folder).version}-recalibrated",
                created=datetime.now(UTC).date().isoformat(),
            )
        except TrainingInputError as error:
            raise fail(str(error), ExitCode.NOT_USABLE) from None
    for name, one in found["variants"].items():
        typer.echo(f"{name}: {_said(one)}")
    for name, why in found["left_out"].items():
        typer.echo(f"{name}: not recalibrated: {why}")
    typer.echo(f"{out}: use it with `lumbar-node models activate {out}`")


def _said(one: Mapping[str, Any]) -> str:
    before, after = one["before"], one["after"]
    return (
        f"{one['n']} patients, {one['events']} with the outcome; AUC {before['auc']:.3f}; "
        f"mean risk {before['mean_risk']:.3f} -> {after['mean_risk']:.3f}, observed {after['observed']:.3f}; "
        f"slope {before['calibration_slope']:.2f} -> {after['calibration_slope']:.2f}, "
        f"Brier {before['brier']:.3f} -> {after['brier']:.3f}"
    )
