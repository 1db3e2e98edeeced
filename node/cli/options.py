"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

from node.device import device_name


def _device(value: str) -> str:
    try:
        return device_name(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Settings, a TOML file. Without: defaults and LUMBAR_NODE_… variables."
    ),
]
Device = Annotated[str, typer.Option(callback=_device, help="Where networks run: auto, cpu, cuda or cuda:1.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same output.")]
