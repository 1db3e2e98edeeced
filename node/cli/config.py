"""`lumbar-node config`: an example of the settings, and whether a file of settings is right."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from node.cli.errors import one_line

app = typer.Typer(name="config", help="Settings: an example, and a check.", no_args_is_help=True)


@app.command()
def example() -> None:
    """Print a settings file in which every key has its default value and an explanation."""
    typer.echo(files("node").joinpath("templates/node.toml").read_text(encoding="utf-8"), nl=False)


@app.command()
def check(file: Annotated[Path, typer.Argument(help="The settings, a TOML file.")]) -> None:
    """Say whether a settings file is right, or which key is wrong and what is allowed."""
    with one_line():
        from node.settings import load

        settings = load(file)
        if settings.segmentation.chosen:  # slow: it needs the pipelines
            from node.cli.segmenters import chosen

            chosen(settings, file)
    typer.echo(f"{file}: right; {settings.receiver.ae_title}, {len(settings.destinations)} destination(s)")
