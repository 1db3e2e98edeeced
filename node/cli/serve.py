"""`lumbar-node serve`: the node itself."""

import sys
from typing import Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Config


def serve(
    config: Config = None,
    role: Annotated[
        list[str] | None,
        typer.Option(help="Only this part, again for more: receiver, dispatcher, worker, delivery, web."),
    ] = None,
) -> None:
    """Receive, analyse and deliver until stopped (Ctrl-C or SIGTERM)."""
    with one_line():
        from node import logs
        from node.serve import Role
        from node.serve import serve as run
        from node.settings import load

        try:
            roles = [Role(name) for name in role or Role]
        except ValueError as error:
            raise fail(f"--role: {error}; one of {', '.join(Role)}", ExitCode.USAGE) from None
        settings = load(config)
        logs.configure(settings.log_level, readable=sys.stderr.isatty())
        run(settings, roles=roles)
