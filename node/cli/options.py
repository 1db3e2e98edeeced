"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Settings, a TOML file. Without: defaults and LUMBAR_NODE_… variables."
    ),
]
Device = Annotated[str, typer.Option(help="Where networks run: auto, cpu, cuda or cuda:1.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same output.")]
