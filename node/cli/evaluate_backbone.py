"""`lumbar-node evaluate backbone`: what a network's deep features know about anatomy."""

from pathlib import Path
from typing import Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Device


def backbone(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Of the encoder; its card gets the figures.")],
    *,
    bank: Annotated[Path, typer.Option(help="Folder of generated scans; filled as needed.")] = Path("bank"),
    people: Annotated[int, typer.Option(min=5, help="Held-out generated people.")] = 60,
    device: Device = "auto",
) -> None:
    """Probe deep features for known anatomy of generated people, against random weights."""
    with one_line():
        from models.device import choose_device
        from models.training.judged import PEOPLE, judge_backbone

        try:
            manifest, better = judge_backbone(
                folder,
                bank,
                range(PEOPLE.start, PEOPLE.start + people),
                device=str(choose_device(device)),
                progress=typer.echo,
            )
        except ValueError as error:
            raise fail(str(error), ExitCode.USAGE) from None
    for row in manifest.metrics["probe"]["rows"]:
        told = ", ".join(f"{name} {_text(row[name])}" for name in ("random", "trained", "difference"))
        typer.echo(f"{row['target']}: {row['score']} {told}")
    typer.echo(f"{folder}: {'better than' if better else 'not shown to be better than'} random weights")


def _text(values: dict[str, float]) -> str:
    return f"{values['value']:.3f} ({values['low']:.3f} to {values['high']:.3f})"
