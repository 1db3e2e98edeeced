"""`lumbar-node train backbone`: the deep features' network, on generated anatomy or on a site's outcome."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Device, Seed

if TYPE_CHECKING:
    from models.manifest import Manifest
    from models.vit import Encoder

Start = Annotated[
    Path | None,
    typer.Option(
        help="Folder of an encoder to begin with (of `models import-backbone` or `train backbone`).",
        exists=True,
        file_okay=False,
    ),
]


def backbone(
    *,
    out: Annotated[Path, typer.Option(help="Folder for weights and manifest; an interrupted run goes on.")],
    bank: Annotated[Path, typer.Option(help="Folder of generated scans; filled as needed.")] = Path("bank"),
    minutes: Annotated[float, typer.Option(min=0.01, help="Pre-training time.")] = 40,
    people: Annotated[
        int | None, typer.Option(min=1, help="Generated people; default: the recipe's 100.")
    ] = None,
    start: Start = None,
    finetune: Annotated[
        Path | None,
        typer.Option(help="CSV: patient, outcome (0 or 1), split (train is learned from).", exists=True),
    ] = None,
    cubes: Annotated[
        Path | None,
        typer.Option(help="For --finetune: PATIENT.npz, or a folder PATIENT of DICOM files, of each."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="For --finetune: at most.")] = 30,
    learning: Annotated[
        int, typer.Option("--learn", min=1, help="For --finetune: blocks from the last that learn.")
    ] = 2,
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Teach the network of the deep features: on generated anatomy, or with --finetune on an outcome."""
    if (finetune is None) != (cubes is None):
        raise fail("--finetune and --cubes belong together", ExitCode.USAGE)

    def work(first: "Encoder | None") -> "Manifest":
        if finetune is None or cubes is None:
            return _pretrain(first, out, bank, (60 * minutes, people), (seed, device))
        return _finetune(first, out, (finetune, cubes), (epochs, learning), (seed, device))

    manifest = _reported(work, start)
    typer.echo(f"{out}: {manifest.name} {manifest.version}, sha256 {manifest.digest}")


def _reported(work: "Callable[[Encoder | None], Manifest]", start: Path | None) -> "Manifest":
    """Load the first weights and do the work; what is wrong is told in lines."""
    with one_line():
        from models.vit import load

        try:
            first = load(start.resolve().name, start.resolve().parent) if start else None
            return work(first)
        except ValueError as error:
            raise fail(str(error), ExitCode.USAGE) from None


def _pretrain(
    first: "Encoder | None",
    out: Path,
    bank: Path,
    size: tuple[float, int | None],
    setting: tuple[int, str],
) -> "Manifest":
    from models.training.backbone import PEOPLE, train_backbone

    budget, people = size
    return train_backbone(
        bank,
        out,
        budget_s=budget,
        seed=setting[0],
        device=setting[1],
        progress=typer.echo,
        people=PEOPLE if people is None else range(PEOPLE.start, PEOPLE.start + people),
        start=first,
    )


def _finetune(
    first: "Encoder | None",
    out: Path,
    data: tuple[Path, Path],
    size: tuple[int, int],
    setting: tuple[int, str],
) -> "Manifest":
    from models.training.finetune import Plan, finetune_backbone
    from models.vit import load
    from node.cli.backbone_cubes import gathered

    table, cubes = data
    epochs, learning = size
    seed, device = setting
    folder = gathered(table, cubes, out / "cubes", seed, device)
    plan = Plan(table, folder, epochs, learning, seed)
    return finetune_backbone(plan, first or load(), out, device=device, progress=typer.echo)
