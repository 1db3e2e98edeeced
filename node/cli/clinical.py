"""`lumbar-node clinical`: clinical variables of the node's patients."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.errors import one_line
from node.cli.options import Config

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from pipelines.cohort import PatientVariables

app = typer.Typer(name="clinical", help="Clinical variables of the node's patients.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `import` a command of its own: typer would merge a single one into the group."""


@app.command("import")
def import_(
    variables: Annotated[Path, typer.Argument(help="CSV: patient (PatientID), issuer, and variables.")],
    config: Config = None,
) -> None:
    """Give the node clinical variables, one row per patient; an empty cell leaves a value as it is.

    Everything is checked before anything is stored. Patients that have been analysed already get their
    predictions made anew; a running node takes them up.
    """
    with one_line():
        from node import engine as database
        from node.settings import load
        from pipelines.cohort import read_variables

        settings = load(config)
        rows = read_variables(variables)
        engine = database.create(settings)
        database.migrate(engine)
        again = _stored(database.sessions(engine), variables, rows)
        engine.dispose()
    typer.echo(f"{variables}: {len(rows)} patients stored; {again} cases will be predicted again")


def _stored(sessions: "sessionmaker[Session]", path: Path, rows: "tuple[PatientVariables, ...]") -> int:
    """Store every row in one transaction; return how many cases will be predicted again."""
    from node.clinical.kept import known
    from node.clinical.update import store
    from node.header import patient_key
    from pipelines.clinical import validate
    from pipelines.cohort import CohortError, Problem
    from pipelines.errors import InputError

    again = 0
    problems = []
    with sessions.begin() as session:
        for row in rows:
            key = patient_key(row.patient, row.issuer)
            joined = {**known(session, key), **row.values}
            try:
                validate(joined)
            except InputError as error:
                text = f"{row.patient}: with what is stored already: {error}"
                problems.append(Problem(text))
                continue
            again += key is not None and store(session, key, joined, "csv") is not None
        if problems:
            raise CohortError(path, problems)
    return again
