"""`lumbar-node models import-backbone`: a site's own weights for the deep features."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line

if TYPE_CHECKING:
    from models.backbone.foreign import ImportReport

SHOWN = 8  #: names of a kind; the others stand in import.json


def import_backbone(
    weights: Annotated[Path, typer.Argument(help="A .safetensors file, or .pt, .pth, .ckpt, .bin of torch.")],
    *,
    out: Annotated[Path, typer.Option(help="Folder for the encoder and the report, import.json.")],
    names: Annotated[
        Path | None, typer.Option("--map", help="TOML: [names] of other parts as MONAI calls them, and grid.")
    ] = None,
    heads: Annotated[
        int | None, typer.Option(min=1, help="Attention heads of a ViT; width / 64 by default.")
    ] = None,
    least: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the parameters that must come from the file.")
    ] = 0.8,
) -> None:
    """Take weights from elsewhere (MONAI ViT, MAE, ViTAutoEnc, SwinUNETR; timm) for the deep features."""
    with one_line():
        from models.backbone.foreign import import_weights
        from models.backbone.imported import write_import
        from models.backbone.name_map import read_map
        from models.backbone.reading import WeightsError

        try:
            own = read_map(names) if names else None
            network, report = import_weights(weights, own, heads=heads, least=least)
        except WeightsError as error:
            raise fail(str(error), ExitCode.NOT_USABLE) from None
        manifest = write_import(network, report, out)
    for line in _lines(report):
        typer.echo(line)
    typer.echo(f"{out}: {manifest.name} {manifest.version}, sha256 {manifest.digest}")


def _lines(report: "ImportReport") -> Iterator[str]:
    """Say what matched, what is missing, what was not used."""
    changed = {name: source for name, source in report.matched.items() if source.endswith(")")}
    yield f"{report.share:.1%} of the parameters come from {report.file}: {len(report.matched)} tensors"
    yield from _some("changed to fit", (f"{name} from {source}" for name, source in changed.items()))
    yield from _some("of another shape, random", (f"{k}: {v}" for k, v in report.unfit.items()))
    yield from _some("not in the file, random", report.missing)
    yield from _some("in the file, not used", report.unused)


def _some(title: str, names: Iterable[str]) -> Iterator[str]:
    found = list(names)
    yield from (f"  {title}: {name}" for name in islice(found, SHOWN))
    if len(found) > SHOWN:
        yield f"  {title}: {len(found) - SHOWN} more, see import.json"
