"""`lumbar-node train`: a site's predictors, and the shipped models again from generated patients alone."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from models.training import VERSION
from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Device, Seed
from node.cli.train_backbone import backbone
from node.cli.train_predictor import TrainGroup, predictor

app = typer.Typer(
    name="train",
    cls=TrainGroup,
    help="Train a predictor on a site's patients (`train asdeg …`), or make the shipped models again.",
    no_args_is_help=True,
)
app.command()(predictor)
app.command()(backbone)


class Network(StrEnum):
    """The segmentation networks."""

    SAGITTAL = "sagittal"
    CT = "ct"
    VERTEBRA = "vertebra"
    AXIAL = "axial"


@app.command()
def segmentation(
    *,
    task: Annotated[Network, typer.Option(help="Which network.")],
    out: Annotated[Path, typer.Option(help="Folder for weights and manifest; an interrupted run goes on.")],
    bank: Annotated[Path, typer.Option(help="Folder of generated scans; filled as needed.")] = Path("bank"),
    minutes: Annotated[float, typer.Option(min=0.01, help="Training time.")] = 40,
    people: Annotated[
        int | None, typer.Option(min=1, help="Generated people; default: the recipe's.")
    ] = None,
    seed: Seed = 0,
    device: Device = "auto",
    version_name: Annotated[str, typer.Option(help="Version of the network, for its manifest.")] = VERSION,
    start: Annotated[
        Path | None, typer.Option(help="Folder of a network of this kind to begin with.", exists=True)
    ] = None,
    mean_with_start: Annotated[
        bool, typer.Option(help="Write the mean of the weights begun with and the trained ones.")
    ] = False,
) -> None:
    """Train a segmentation network on generated anatomy."""
    with one_line():
        from models.training.segmentation import train_segmentation

        try:
            manifest = train_segmentation(
                task.value,
                bank,
                out,
                budget_s=60 * minutes,
                seed=seed,
                device=device,
                progress=typer.echo,
                people=None if people is None else range(people),
                version=version_name,
                start=start,
                mean_with_start=mean_with_start,
            )
        except ValueError as error:
            raise fail(str(error), ExitCode.USAGE) from None
    typer.echo(f"{out}: {manifest.name} {manifest.version}, sha256 {manifest.digest}")


@app.command()
def rows(
    out: Annotated[Path, typer.Argument(help="Folder for one JSON object of features per patient.")],
    people: Annotated[int, typer.Option(min=1, help="How many generated patients.")] = 24,
    device: Device = "auto",
) -> None:
    """Analyse generated patients and keep their features, for `train demo`; what is there stays."""
    with one_line():
        from node.cli.rows import write_row

        out.mkdir(parents=True, exist_ok=True)
        for seed in range(people):
            path = out / f"{seed:05d}.json"
            if not path.exists():
                write_row(seed, path, device)
            typer.echo(f"{seed + 1} of {people}: {path}")


@app.command()
def demo(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="ROWS",
            help="Folder of `train rows`, or of trained demonstrations (their reference.json).",
        ),
    ],
    out: Annotated[Path, typer.Argument(help="Gets the folders asdeg and pain.")],
    patients: Annotated[int, typer.Option(min=100, help="Simulated patients to train on.")] = 1500,
    seed: Seed = 0,
) -> None:
    """Train the demonstration predictors on simulated patients."""
    with one_line():
        from models.signatures.reference import read_source
        from models.signatures.train_demo import train_demonstration
        from pipelines.features.radiomics import PROFILES

        profiles = {profile.label: profile.digest for profile in PROFILES.values()}
        try:
            report = train_demonstration(read_source(folder), out, seed, patients, profiles=profiles)
        except ValueError as error:
            raise fail(f"{folder}: {error}", ExitCode.NOT_USABLE) from None
    for target, metrics in report.items():
        for variant, figures in metrics["variants"].items():
            typer.echo(f"{target} {variant}: AUC {figures['combined']['auc']} on simulated patients")
