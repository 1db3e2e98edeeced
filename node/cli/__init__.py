"""The command line: `lumbar-node`. Every command imports what it needs when it runs."""

import os

#: read as typer is imported: it would load rich for boxes that are turned off, 5 MiB in every process
os.environ.setdefault("TYPER_USE_RICH", "0")

from node.cli.main import app, main

__all__ = ["app", "main"]
