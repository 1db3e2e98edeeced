"""`lumbar-node train asdeg …`: train a predictor on a site's own patients, with an honest estimate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Seed

if TYPE_CHECKING:
    from models.signatures.study.material import Material, Request

DEFAULT = "predictor"


class TrainGroup(TyperGroup):
    """`train asdeg …` and `train --features …` mean `train predictor asdeg …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name before what names none."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


def predictor(
    target: Annotated[
        str | None,
        typer.Argument(help="asdeg, pain, or a predictor's TOML file; none for a plain feature table."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="Folder for package, figures, report; a stopped run goes on.")],
    cohort: Annotated[
        Path | None,
        typer.Option(help="Feature table of `extract` or `simulate`; or a cohort.csv, extracted first."),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Any feature table, .parquet, .csv or .csv.gz; a row per patient.")
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(help="Column of the outcome, 1 and 0; default: the predictor's."),
    ] = None,
    id_: Annotated[str, typer.Option("--id", help="Column that names the rows.")] = "patient",
    group: Annotated[
        str | None, typer.Option(help="Column of the patient, where one has several rows.")
    ] = None,
    site: Annotated[str | None, typer.Option(help="Column of the hospital; by default site.")] = None,
    external: Annotated[
        str | None, typer.Option(help="Rows kept out of training; by default split=test,external.")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Column to leave out; may be given again.")] = None,
    recipe: Annotated[
        str, typer.Option(help="nested; or paper: the papers' optimistic figures beside the nested ones.")
    ] = "nested",
    repeats: Annotated[int, typer.Option(help="Repeats of the cross-validation.")] = 3,
    folds: Annotated[int, typer.Option(help="Folds of the cross-validation.")] = 5,
    permutations: Annotated[
        int | None,
        typer.Option(help="Shuffled outcomes to test with; default: 19, for more than 5000 features 0."),
    ] = None,
    learning_curve: Annotated[bool, typer.Option(help="Estimate with fewer patients too.")] = True,
    jobs: Annotated[int, typer.Option(help="Processes; changes no figure.")] = 2,
    seed: Seed = 0,
    readers: Annotated[
        Path | None, typer.Option(help="CSV of patient, reader, call: people to compare with.")
    ] = None,
    icc: Annotated[
        Path | None,
        typer.Option(help="stability.csv of `lumbar-node stability`: others are left out."),
    ] = None,
    vas_cutoff: Annotated[
        float | None, typer.Option(help="VAS from which pain is severe; `train pain` needs it.")
    ] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Risk of a call; by default the share of patients with the outcome.")
    ] = None,
    version_name: Annotated[str, typer.Option(help="Version of the predictor, for its manifest.")] = "1.0.0",
) -> None:
    """Train a predictor on patients with a known outcome: honest estimate, models, report."""
    with one_line():
        from models.signatures.errors import TrainingInputError
        from models.signatures.study.material import Request, describe
        from models.signatures.study.settings import LEARNING, Settings
        from node.registry.folders import RULE, is_word

        try:
            if not is_word(version_name):  # before anything is trained: it could not be activated
                raise fail(f"--version-name {version_name!r}: allowed are {RULE}", ExitCode.USAGE)
            table = _table(target, cohort, features)
            describe(target, vas_cutoff)  # what is wrong with it is told before hours of extraction
            request = Request(
                table=_extracted(table, out),
                target=target,
                outcome=outcome,
                id=id_,
                group=group,
                site=site,
                external=external,
                drop=tuple(drop or ()),
                vas_cutoff=vas_cutoff,
                readers=readers,
            )
            settings = Settings(
                recipe=recipe,  # type: ignore[arg-type]  # `check` refuses what is none
                folds=folds,
                repeats=repeats,
                permutations=permutations,
                seed=seed,
                threshold=threshold,
                learning=LEARNING if learning_curve else (),
                jobs=jobs,
            )
            _train(request, settings.check(), out, icc, version_name)
        except TrainingInputError as error:
            raise fail(str(error), ExitCode.NOT_USABLE) from None


def _table(target: str | None, cohort: Path | None, features: Path | None) -> Path:
    """Give the one table that was named."""
    if cohort is not None and features is not None:
        raise fail("give --cohort or --features, not both", ExitCode.USAGE)
    if cohort is not None and target is None:
        raise fail("--cohort needs the predictor: lumbar-node train asdeg --cohort …", ExitCode.USAGE)
    table = cohort or features
    if table is None:
        raise fail(
            "name the patients: --cohort features.parquet, or --features table.csv with --outcome and --id",
            ExitCode.USAGE,
        )
    return table


def _extracted(table: Path, out: Path) -> Path:
    """Give the feature table; of a list of studies it is computed first, or completed, in OUT/study."""
    if not _lists_studies(table):
        return table
    from node.cli.extract import make_table

    features = out / "study" / "features.parquet"
    failed = make_table(table, features)
    if not features.is_file():
        raise fail(failed, ExitCode.NOT_USABLE)
    if failed:
        typer.echo(f"note: {failed}; training goes on with the others", err=True)
    return features


def _lists_studies(path: Path) -> bool:
    """Whether the file is the list of patients that `lumbar-node extract` reads."""
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return "studies" in [name.strip().strip('"') for name in file.readline().split(",")]


def _train(request: "Request", settings: Any, out: Path, icc: Path | None, version_name: str) -> None:
    from dataclasses import replace
    from datetime import UTC, datetime

    from models.signatures.study.material import gather
    from models.signatures.train import keep, train
    from node.cli.outfolder import prove

    material = gather(request)
    if icc is not None:
        material = replace(material, stable=_stable(icc, material))
    prove(out)
    trained = train(material, out, settings, typer.echo)
    created = datetime.now(UTC).date().isoformat()
    origin = _origin(request)
    manifest = keep(trained, material, out, created=created, version_name=version_name, **origin)
    _tell(trained.metrics)
    typer.echo(f"{out}: {manifest.name} {manifest.version}, sha256 {manifest.digest}")
    _report(out)


def _stable(icc: Path, material: "Material") -> frozenset[str]:
    from models.signatures.errors import TrainingInputError
    from pipelines.features.stability import stable_keys

    try:
        keys = stable_keys(icc, material.table.description.recipe.icc)
    except (KeyError, ValueError, TypeError):
        raise TrainingInputError(f"{icc}: is no stability.csv of `lumbar-node stability`") from None
    if not keys & set(material.table.features.columns):
        raise TrainingInputError(f"{icc}: no stable feature in it is a column of the table")
    return keys


def _origin(request: "Request") -> dict[str, Any]:
    """Say what made the features, for the manifest: what the table says, else that this version did."""
    from models.signatures.table_origin import origin_of

    origin = origin_of(request.table)
    profiles = dict(origin.profiles)
    if request.target is not None and not profiles:
        from pipelines.features.radiomics import PROFILES

        typer.echo(
            f"note: {request.table} does not say what made its features; this version's profiles are assumed",
            err=True,
        )
        profiles = {profile.label: profile.digest for profile in PROFILES.values()}
    return {"profiles": profiles, "models": dict(origin.models), "demonstration": origin.simulated}


def _tell(metrics: Any) -> None:
    """Say the headline, and what was warned of."""
    for text in metrics["warnings"]:
        typer.echo(f"note: {text}", err=True)
    for model, found in metrics["models"].items():
        nested = found["nested"]
        ci = "" if nested["auc_ci"] is None else " ({:.3f} to {:.3f})".format(*nested["auc_ci"])
        typer.echo(f"{model}: nested AUC {nested['auc']:.3f}{ci}, {found['classifier']}")
        if "paper" in found:
            paper = found["paper"]
            typer.echo(
                f"{model}, papers' recipe, OPTIMISTIC: training {paper['training']['auc']:.3f}, internal "
                f"validation {paper['auc']:.3f}"
            )


def _report(out: Path) -> None:
    from pipelines.errors import PipelineError
    from pipelines.report_training import write_report

    try:
        html, pdf = write_report(out)
    except (PipelineError, ValueError, KeyError, TypeError, OSError) as error:
        text = f"{out}: the model is there, its report failed: {error}; try `lumbar-node report {out}`"
        raise fail(text, ExitCode.FAILED) from None
    typer.echo(f"report: {html}, {pdf}")
