"""`lumbar-node phantom`: a generated patient, to try things with."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.errors import one_line
from node.cli.options import Seed


def phantom(
    out: Annotated[Path, typer.Argument(help="Folder for the studies; made if missing.")],
    seed: Seed = 0,
    full: Annotated[
        bool, typer.Option("--full", help="Clinical size (CT 200 × 512²) instead of small.")
    ] = False,
) -> None:
    """Write a generated patient: a CT study and an MR study (sagittal T1 and T2, axial T2) as DICOM."""
    with one_line():
        from pipelines.phantom import write_patient

        write_patient(out, seed, small=not full)
    typer.echo(f"{out}: {sum(1 for _ in out.rglob('*.dcm'))} DICOM files")
