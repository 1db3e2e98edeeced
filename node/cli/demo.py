"""`lumbar-node demo`: one generated patient through a real node and back."""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.errors import one_line
from node.cli.options import Seed

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from node.demo import Demonstration, Outcome
    from node.web.rows import StudyRow


def demo(
    out: Annotated[Path, typer.Option(help="Folder for what comes out.")] = Path("demo-output"),
    keep: Annotated[bool, typer.Option("--keep", help="Leave the node and its page running.")] = False,
    seed: Seed = 0,
) -> None:
    """Send a generated patient to a node of its own, and show what an archive gets back."""
    from rich.console import Console

    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end as tidily as by Ctrl-C
    with one_line():
        console.print("Generating a patient and starting the node …", style="dim")
        from node import logs
        from node.demo import Demonstration

        logs.configure("error", readable=True)
        with Demonstration(out, seed) as demonstration:
            console.print(f"Node {demonstration.address}, status page {demonstration.url}", soft_wrap=True)
            with _progress(console) as progress:
                _push(demonstration, progress)
                _watch(demonstration, progress)
            _tell(console, demonstration.collect(), out)
            if keep:
                console.print(f"\nRunning: {demonstration.url}  (Ctrl-C ends it)", soft_wrap=True)
                _wait(demonstration)


def _progress(console: "Console") -> "Progress":
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[stage]}[/]"),
        console=console,
    )


def _push(demonstration: "Demonstration", progress: "Progress") -> None:
    for name, files in demonstration.studies().items():
        text = f"Sending the {name} study"
        task = progress.add_task(text, total=len(files), stage=f"{len(files)} objects")
        demonstration.push(files, lambda count, task=task: progress.update(task, completed=count))  # type: ignore[misc]


def _watch(demonstration: "Demonstration", progress: "Progress") -> None:
    """Show a bar per study, from its arrival to the archive's last acknowledgement."""
    tasks: dict[str, TaskID] = {}
    for rows in demonstration.watch():
        for row in reversed(rows):
            task = tasks.get(row.study_instance_uid)
            if task is None:
                text = f"Analysing the {'/'.join(row.modalities)} study"
                task = tasks[row.study_instance_uid] = progress.add_task(text, total=1.0, stage="")
            progress.update(task, completed=_done(row), stage=row.stage or row.state)


def _done(row: "StudyRow") -> float:
    """Return how much of the way lies behind a study."""
    if row.state in ("done", "ignored"):
        return 1.0
    return 0.97 if row.state == "delivering" else 0.95 * (row.fraction or 0.0)


def _tell(console: "Console", outcome: "Outcome", out: Path) -> None:
    from node.cli.tables import show

    show(console, outcome.summary)
    console.print("\nWritten")
    for text, path in (
        (f"{len(outcome.received)} result objects that the archive received (SEG, SR)", out / "results"),
        ("overlay", outcome.overlay),
        ("report", outcome.html),
        ("report to print", outcome.pdf),
        ("the patient that was sent", out / "patient"),
    ):
        console.print(f"  {path}  [dim]{text}[/]", soft_wrap=True)


def _wait(demonstration: "Demonstration") -> None:
    try:
        demonstration.wait()
    except KeyboardInterrupt:
        return
