"""`lumbar-node analyse`: the same way through without a network."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Device
from node.cli.outfolder import clear, prove

if TYPE_CHECKING:
    from rich.progress import Progress


def analyse(
    folder: Annotated[Path, typer.Argument(help="DICOM files of one patient, at any depth.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for the result objects and summary.json.")],
    clinical: Annotated[Path | None, typer.Option(help="Clinical variables, a JSON object.")] = None,
    device: Device = "auto",
    strict_title: Annotated[
        bool, typer.Option("--strict-title", help="SR root title 126000, for validators and IHE AIR sites.")
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Settings, a TOML file, of which [segmentation] is heeded."),
    ] = None,
    backbone: Annotated[
        Path | None, typer.Option(help="Folder of another network for the deep features.", exists=True)
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="An encapsulated PDF report and overlays too.")] = False,
) -> None:
    """Analyse the CT and MR series of one patient and write SEG, SR and summary.json.

    Results of an earlier run in the folder are replaced.
    """
    from rich.console import Console

    console = Console(highlight=False)
    with one_line():
        files = _files(folder)
        from pipelines.clinical import read_clinical

        variables = read_clinical(clinical) if clinical else None
        from node.cli.segmenters import chosen
        from node.settings import load

        choices = chosen(load(config), config) if config else {}
        prove(out)
        clear(out)
        from pipelines.analyse import run
        from pipelines.types import AnalysisRequest

        request = AnalysisRequest(
            files=tuple(path for path in files if path.exists()),  # FOLDER may hold DIR
            out_dir=out,
            clock=datetime.now(UTC),
            clinical=variables,
            title_mode="strict" if strict_title else "readable",
            with_pdf=pdf,
            with_overlay=pdf,
            device=device,
            segmenters=choices,
            backbone=backbone,
        )
        with _progress() as progress:
            task = progress.add_task("", total=1.0)
            outcome = run(request, lambda s, f: progress.update(task, description=s, completed=f))
        from node.cli.tables import show

        show(console, outcome.summary)
    console.print(f"\n{len(outcome.results)} result objects and summary.json in {out}", soft_wrap=True)
    if not outcome.summary["segmentations"]:
        reasons = "; ".join(f"{reason.code}: {reason.text}" for reason in outcome.reasons)
        raise fail(f"{folder}: nothing that can be analysed: {reasons}", ExitCode.NOT_USABLE)


def _files(folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        raise fail(f"{folder}: no such folder; name a folder of DICOM files", ExitCode.USAGE)
    files = tuple(sorted(path for path in folder.rglob("*") if path.is_file()))
    if not files:
        raise fail(f"{folder}: the folder is empty; name a folder of DICOM files", ExitCode.NOT_USABLE)
    return files


def _progress() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.description}[/]"),
        console=Console(stderr=True),
        transient=True,
    )
