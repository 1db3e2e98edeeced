"""The command line: `lumbar-node`. Every command imports what it needs when it runs."""

from node.cli.main import app, main

__all__ = ["app", "main"]
