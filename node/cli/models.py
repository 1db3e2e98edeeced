"""`lumbar-node models`: the shipped models for use elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.errors import one_line

app = typer.Typer(name="models", help="The shipped models for use elsewhere.", no_args_is_help=True)


@app.callback()
def models() -> None:
    """Make a group of what has one command so far."""


@app.command("export-bundle")
def export_bundle(
    name: Annotated[str, typer.Argument(help="A folder of models/weights: sagittal, ct, axial …")],
    out: Annotated[Path, typer.Option(help="Gets a folder lumbar_node_NAME.")],
) -> None:
    """Write a segmentation network as a MONAI bundle: metadata, inference configuration, weights."""
    with one_line():
        from models.training.bundle import export_bundle as write

        bundle = write(name, out)
    typer.echo(
        f'{bundle}: a MONAI bundle; a node takes it as {{ backend = "monai-bundle", path = "{bundle}" }}'
    )
