"""`lumbar-node report`: write a training's report again, from its files."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.errors import one_line


def report(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The --out folder of `lumbar-node train`.")
    ],
) -> None:
    """Write report.html and report.pdf of a training again, from its files.

    Without the folder study/, which stays at the site, the report has no figure that needs patients' rows.
    """
    with one_line():
        from pipelines.report_training import write_report

        written = write_report(directory)
    for path in written:
        typer.echo(str(path))
