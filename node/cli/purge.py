"""`lumbar-node purge`: remove what the rules of retention let go, or show what that would be."""

from typing import Annotated

import typer

from node.cli.errors import ExitCode, fail, one_line
from node.cli.options import Config


def purge(
    config: Config = None,
    study: Annotated[str | None, typer.Option(help="This study only, whatever its age.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go; remove nothing.")] = False,
) -> None:
    """Remove received objects under the rules of [retention]; results stay known. The node may run on."""
    with one_line():
        from sqlalchemy import select

        from node import engine as database
        from node.completeness import utc_now
        from node.db import Study
        from node.retention import rules
        from node.retention.purge import Purger
        from node.settings import load

        settings = load(config)
        engine = database.create(settings)
        database.migrate(engine)
        with database.readers(engine)() as session:
            if study is None:
                going = rules.old_enough(session, settings.retention, utc_now())
            else:
                going = list(session.scalars(select(Study).where(Study.study_instance_uid == study)))
                if not going:
                    raise fail(f"the node does not know study {study}", ExitCode.USAGE)
            allowed = [one for one in going if rules.may_go(session, one, settings.retention)]
        if study is not None and not allowed:
            why = "it is under way, or a destination has not confirmed its results (retention.delivered_only)"
            raise fail(f"{study} may not go: {why}", ExitCode.FAILED)
        if settings.retention.days is None and study is None:
            typer.echo("retention.days is not set: nothing goes by its age")
        purger = Purger(settings, engine)
        for one in allowed:
            if dry_run:
                typer.echo(f"{one.study_instance_uid}: would go")
                continue
            freed = purger.purge(one.id)
            if freed is not None:
                typer.echo(f"{one.study_instance_uid}: {freed.objects} objects, {freed.size / 1e6:.1f} MB")
        typer.echo(f"{len(allowed)} studies {'would go' if dry_run else 'gone'}")
        engine.dispose()
