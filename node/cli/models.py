"""`lumbar-node models`: the models that there are, the site's own among them, and their use elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli import registry
from node.cli.errors import one_line
from node.cli.import_backbone import import_backbone

app = typer.Typer(name="models", help="Models: which there are, which are used.", no_args_is_help=True)
app.command("list")(registry.list_)
app.command()(registry.show)
app.command()(registry.verify)
app.command()(registry.activate)
app.command()(registry.retire)
app.command()(registry.compare)
app.command("import-backbone")(import_backbone)


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
