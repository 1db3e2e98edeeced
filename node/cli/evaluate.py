"""`lumbar-node evaluate`: how good the models are, on scans with a reference."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Device
from node.cli.outfolder import prove

app = typer.Typer(
    name="evaluate", help="How good the models are, on scans with a reference.", no_args_is_help=True
)


@app.callback()
def _group() -> None:
    """Keep `segmentation` a command of its own: typer would merge a single one into the group."""


@app.command()
def segmentation(
    manifest: Annotated[Path, typer.Argument(help="CSV: set, scan, image, reference, labels, role.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for tables, SEGs and pictures; made if missing.")],
    cut: Annotated[
        bool, typer.Option("--cut", help="Also cut each scan above L5, L4, L3 and through S1.")
    ] = False,
    pictures: Annotated[bool, typer.Option(help="A picture per scan, both masks in it.")] = True,
    device: Device = "auto",
) -> None:
    """Segment scans as the node does and compare with their references.

    Writes evaluation.md, sets.csv, scans.csv, structures.csv, cuts.csv, seg/ and pictures/. A scan that is
    refused is a row with its reason; rows that cannot be used are named, and end the command with code 3.
    """
    with one_line():
        from datetime import UTC, datetime

        from pipelines.evaluation import Evaluation, read_manifest, write_tables
        from pipelines.segmentation import choose_device, segment

        rows = read_manifest(manifest)
        prove(out)
        where = str(choose_device(device))
        way = Evaluation(out, lambda volume: segment(volume, where), datetime.now(UTC), cut, pictures)
        results = way.run(rows, typer.echo)
        write_tables(results, out)
    typer.echo(f"{out}: evaluation.md and tables of {len(rows)} scans")
    unusable = [one.remark for one in results if one.status == "error"]
    if unusable:
        raise fail(f"{manifest}: " + "\nlumbar-node: ".join(unusable), ExitCode.NOT_USABLE)
