"""`lumbar-node retry`: analyse a study again because a person says so."""

from typing import Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Config


def retry(
    study: Annotated[str, typer.Argument(help="Study Instance UID.")],
    config: Config = None,
    priority: Annotated[
        int | None, typer.Option(min=-1, max=2, help="2 before 1 (STAT) before 0 before -1.")
    ] = None,
) -> None:
    """Analyse and deliver a study again that is done, ignored, failed or held; a running node takes it up."""
    with one_line():
        from sqlalchemy import select

        from node import dispatcher, history
        from node import engine as database
        from node.db import Study
        from node.settings import load

        engine = database.create(load(config))
        database.migrate(engine)
        with database.sessions(engine).begin() as session:
            known = session.scalar(select(Study.id).where(Study.study_instance_uid == study))
            if known is None:
                raise fail(f"the node does not know study {study}; is it the right --config?", ExitCode.USAGE)
            found = history.locked(session, known)
            found.priority = found.priority if priority is None else priority
            dispatcher.retry(session, found)
        engine.dispose()
    typer.echo(f"{study}: will be analysed again")
