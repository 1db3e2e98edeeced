"""`lumbar-node doctor`: whether this site is set up."""

from typing import TYPE_CHECKING

import typer

from node.cli.errors import ExitCode, one_line
from node.cli.options import Config

if TYPE_CHECKING:
    from rich.console import Console

    from node.doctor import Check

MARKS = {"ok": "[green]ok  [/]", "warning": "[yellow]warn[/]", "failed": "[red]FAIL[/]"}


def doctor(config: Config = None) -> None:
    """Check settings, folders, database, ports, destinations, device and models; say what to do."""
    with one_line():
        from node.doctor import examine
        from node.settings import load

        failed = 0
        from rich.console import Console

        console = Console(soft_wrap=True, highlight=False)
        for check in examine(load(config)):
            _tell(console, check)
            failed += check.verdict == "failed"
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def _tell(console: "Console", check: "Check") -> None:
    console.print(MARKS[check.verdict], end=" ")
    console.print(f"{check.name}: {check.text}", markup=False)
    if check.advice:
        console.print(f"     → {check.advice}", markup=False)
