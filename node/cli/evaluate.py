"""`lumbar-node evaluate`: how good the models are, on scans with a reference."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.evaluate_backbone import backbone
from node.cli.options import Device
from node.cli.outfolder import prove

if TYPE_CHECKING:
    from pipelines.types import Role, Segmentation, SegmenterChoice, Volume

app = typer.Typer(
    name="evaluate", help="How good the models are, on scans with a reference.", no_args_is_help=True
)


app.command()(backbone)


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
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Settings, a TOML file, of which [segmentation] is heeded."),
    ] = None,
    device: Device = "auto",
) -> None:
    """Segment scans as the node does and compare with their references.

    Writes evaluation.md, sets.csv, scans.csv, structures.csv, cuts.csv, seg/ and pictures/. A scan that is
    refused is a row with its reason; rows that cannot be used are named, and end the command with code 3.
    """
    with one_line():
        from datetime import UTC, datetime

        from pipelines.evaluation import Evaluation, read_manifest, write_tables
        from pipelines.segmentation import choose_device, segmenter_for

        rows = read_manifest(manifest)
        choices = _choices(config)
        prove(out)
        where = str(choose_device(device))

        def segment(volume: "Volume") -> "Segmentation":
            return segmenter_for(volume.role, choices).segment(volume, where)

        results = Evaluation(out, segment, datetime.now(UTC), cut, pictures).run(rows, typer.echo)
        write_tables(results, out)
    typer.echo(f"{out}: evaluation.md and tables of {len(rows)} scans")
    for one in results:
        if one.warning:
            typer.echo(f"lumbar-node: warning: row {one.row.number}: {one.warning}", err=True)
    unusable = [one.remark for one in results if one.status == "error"]
    if unusable:
        raise fail(f"{manifest}: " + "\nlumbar-node: ".join(unusable), ExitCode.NOT_USABLE)


def _choices(config: Path | None) -> "dict[Role, SegmenterChoice]":
    """Read who segments each role; empty where the shipped networks do."""
    if config is None:
        return {}
    from node.cli.segmenters import chosen
    from node.settings import load

    return chosen(load(config), config)
