"""`lumbar-node stability`: which radiomics features keep their values under small changes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.outfolder import prove

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.types import Segmentation


def stability(
    out: Annotated[Path, typer.Option(help="Folder for stability.csv and stability.png; made if missing.")],
    *,
    manifest: Annotated[
        Path | None,
        typer.Option(help="CSV of scans and references, as `evaluate segmentation` takes it."),
    ] = None,
    patients: Annotated[int, typer.Option(min=1, help="Generated patients, where no manifest is given.")] = 2,
    profile: Annotated[str, typer.Option(help="Extraction profile: paper or hu.")] = "paper",
    small: Annotated[
        bool, typer.Option("--small", help="Generated patients on coarse grids: quick.")
    ] = False,
) -> None:
    """Perturb images and outlines, and write the intraclass correlation of every radiomics feature.

    Each structure is shifted, turned, made noisier, and its outline grown and shrunk. ICC(1,1) says what
    share of a feature's variance lies between structures.
    """
    with one_line():
        import os

        from pipelines.features.radiomics import resolve
        from pipelines.features.stability import measure, stable_keys, write_picture, write_table
        from pipelines.features.stability.sources import generated

        chosen = resolve(profile)
        every = generated(patients, small=small) if manifest is None else _rows(manifest)
        prove(out)
        found, left_out = measure(every, chosen, jobs=os.cpu_count() or 1, report=typer.echo)
        write_table(found, out / "stability.csv")
        write_picture(found, out / "stability.png")
    for finding in left_out:
        typer.echo(f"left out: {finding.code}: {finding.text}")
    if not found:
        raise fail("no group has three structures with features; give more scans", ExitCode.NOT_USABLE)
    total = sum(len(one.features) for one in found)
    typer.echo(
        f"{out}: {len(stable_keys(out / 'stability.csv'))} of {total} features of {len(found)} groups stable"
    )


def _rows(manifest: Path) -> "Iterator[Segmentation]":
    from pipelines.evaluation import read_manifest
    from pipelines.features.stability.sources import of_row

    rows = read_manifest(manifest)
    return (of_row(row) for row in rows)
