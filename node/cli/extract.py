"""`lumbar-node extract`: a cohort's images to a table of features, for training."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Device


def extract(
    cohort: Annotated[
        Path, typer.Argument(help="CSV: patient, studies; outcome, site, split, clinical variables.")
    ],
    *,
    out: Annotated[Path, typer.Option(help="Feature table to write: .parquet, .csv or .csv.gz.")],
    studies: Annotated[
        Path | None, typer.Option(help="Folder below which StudyInstanceUIDs are looked up.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Patients at once; each takes 2 to 6 GiB.")] = 1,
    device: Device = "auto",
    timeout: Annotated[float, typer.Option(min=0.1, help="Minutes that one patient may take.")] = 60,
    pairing_days: Annotated[
        int, typer.Option(min=0, help="CT and MR further apart are not of one case.")
    ] = 180,
    backbone: Annotated[
        Path | None, typer.Option(help="Folder of another network for the deep features.", exists=True)
    ] = None,
    cubes: Annotated[
        Path | None, typer.Option(help="Folder for the structures' crops, for `train backbone --finetune`.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Settings, a TOML file, of which [segmentation] is heeded."),
    ] = None,
) -> None:
    """Analyse every patient of a cohort and write one table of features.

    What was computed stays in OUT.d: run it again after an interruption, or with more patients, and only what
    is missing is computed. Patients that fail are listed in OUT's failures.csv, and end the command with
    code 3.
    """
    with one_line():
        failed = make_table(
            cohort,
            out,
            studies=studies,
            jobs=jobs,
            device=device,
            timeout=timeout,
            pairing_days=pairing_days,
            backbone=backbone,
            cubes=cubes,
            config=config,
        )
    if failed:
        raise fail(failed, ExitCode.NOT_USABLE)


def make_table(
    cohort: Path,
    out: Path,
    *,
    studies: Path | None = None,
    jobs: int = 1,
    device: str = "auto",
    timeout: float = 60,
    pairing_days: int = 180,
    backbone: Path | None = None,
    cubes: Path | None = None,
    config: Path | None = None,
) -> str:
    """Analyse a cohort and write its table; the options are those of the command.

    Returns
    -------
    str
        What to tell about patients that failed; empty where none did.
    """
    from node.cli.outfolder import prove
    from node.cli.segmenters import chosen
    from node.settings import load
    from pipelines.cohort.extract import Terms
    from pipelines.cohort.extract import extract as run
    from pipelines.cohort.pool import SpawnedPool
    from pipelines.cohort.read import read_cohort
    from pipelines.cohort.table import check_kind, feature_table, provenance, stem, write_remarks, write_table

    try:
        check_kind(out)
    except ValueError as error:
        raise fail(f"--out {error}", ExitCode.USAGE) from None
    prove(out.parent)
    patients = read_cohort(cohort, studies, typer.echo)
    choices = chosen(load(config), config) if config else {}
    terms = Terms(out.with_name(f"{out.name}.d").resolve(), device, choices, pairing_days, backbone, cubes)
    with SpawnedPool(jobs, 60 * timeout) as pool:
        found = run(patients, terms, pool, typer.echo)
    failures = out.with_name(f"{stem(out)}.failures.csv")
    remarks = write_remarks(found.remarks, failures)
    if found.rows:
        table = feature_table(patients, found)
        write_table(table, out, provenance(found))
        typer.echo(f"{out}: {len(table)} patients, {table.shape[1]} columns")
    if remarks > len(found.failures):
        typer.echo(f"{failures}: {remarks - len(found.failures)} series could not be analysed", err=True)
    if not found.failures:
        return ""
    return f"{len(found.failures)} of {len(patients.patients)} patients failed; see {failures}"
