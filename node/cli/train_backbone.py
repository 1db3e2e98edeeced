"""`lumbar-node train backbone`: the deep features' network, from generated anatomy."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Device, Seed


def backbone(
    *,
    out: Annotated[Path, typer.Option(help="Folder for weights and manifest; an interrupted run goes on.")],
    bank: Annotated[Path, typer.Option(help="Folder of generated structures; filled as needed.")] = Path(
        "bank"
    ),
    minutes: Annotated[float, typer.Option(min=0.01, help="Training time.")] = 40,
    people: Annotated[
        int | None, typer.Option(min=1, help="Generated people; default: the recipe's 100.")
    ] = None,
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Teach the network of the deep features on generated anatomy (masked autoencoder)."""
    with one_line():
        from models.training.backbone import PEOPLE, train_backbone

        try:
            manifest = train_backbone(
                bank,
                out,
                budget_s=60 * minutes,
                seed=seed,
                device=device,
                progress=typer.echo,
                people=PEOPLE if people is None else range(PEOPLE.start, PEOPLE.start + people),
            )
        except ValueError as error:
            raise fail(str(error), ExitCode.USAGE) from None
    typer.echo(f"{out}: {manifest.name} {manifest.version}, sha256 {manifest.digest}")
