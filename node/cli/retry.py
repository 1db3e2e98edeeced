"""`lumbar-node retry`: analyse a study again, or send its results again, because a person says so."""

from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Config

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from node.db import Study
    from node.settings import Settings


def retry(
    study: Annotated[str, typer.Argument(help="Study Instance UID.")],
    config: Config = None,
    priority: Annotated[
        int | None, typer.Option(min=-1, max=2, help="2 before 1 (STAT) before 0 before -1.")
    ] = None,
    destination: Annotated[
        str | None, typer.Option(help="Only send again what this destination has refused or still lacks.")
    ] = None,
) -> None:
    """Analyse and deliver a study again that is done, ignored, failed or held; a running node takes it up."""
    with one_line():
        from sqlalchemy import select

        from node import dispatcher, history
        from node import engine as database
        from node.db import Study
        from node.settings import load

        settings = load(config)
        engine = database.create(settings)
        database.migrate(engine)
        with database.sessions(engine).begin() as session:
            known = session.scalar(select(Study.id).where(Study.study_instance_uid == study))
            if known is None:
                raise fail(f"the node does not know study {study}; is it the right --config?", ExitCode.USAGE)
            found = history.locked(session, known)
            found.priority = found.priority if priority is None else priority
            if destination is not None:
                what = _resend(session, found, destination, settings)
            else:
                dispatcher.retry(session, found)
                what = "will be analysed again"
        engine.dispose()
    typer.echo(f"{study}: {what}")


def _resend(session: "Session", study: "Study", destination: str, settings: "Settings") -> str:
    from node.delivery import outbox

    names = [each.name for each in settings.destinations]
    if destination not in names:
        known = ", ".join(names) or "none is configured"
        raise fail(f"there is no destination {destination}; known: {known}", ExitCode.USAGE)
    objects = outbox.resend(session, study, destination)
    if not objects:
        raise fail(f"{study.study_instance_uid}: {destination} lacks nothing", ExitCode.FAILED)
    return f"{objects} object(s) will be sent to {destination} again"
