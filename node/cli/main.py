"""The application: which commands there are."""

import typer

from node.cli import (
    analyse,
    clinical,
    config,
    demo,
    doctor,
    evaluate,
    extract,
    models,
    phantom,
    purge,
    recalibrate,
    report,
    retry,
    serve,
    simulate,
    stability,
    train,
    version,
)

app = typer.Typer(
    name="lumbar-node",
    help="A DICOM node that segments, measures and scores lumbar-spine CT and MRI. RESEARCH USE ONLY.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(serve.serve)
app.command()(analyse.analyse)
app.command()(demo.demo)
app.command()(retry.retry)
app.command()(purge.purge)
app.command()(doctor.doctor)
app.command()(phantom.phantom)
app.command()(stability.stability)
app.command()(extract.extract)
app.command()(simulate.simulate)
app.command()(report.report)
app.command()(recalibrate.recalibrate)
app.command()(version.version)
app.add_typer(config.app)
app.add_typer(clinical.app)
app.add_typer(train.app)
app.add_typer(evaluate.app)
app.add_typer(models.app)


def main() -> None:
    """Run the command line of this process and exit."""
    app()
