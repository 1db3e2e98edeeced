"""`python -m node.migrations`: migrate the database whose URL comes by stdin; see `node.migrations.apart`."""

import sys

from node import engine as database
from node.errors import ConfigurationError
from node.migrations.apart import MISTAKE
from node.settings import Settings


def main() -> int:
    """Return the exit code; what a person has to put right goes to stderr."""
    try:
        engine = database.create(Settings(database_url=sys.stdin.read()))
        database.migrate(engine)
    except ConfigurationError as error:
        sys.stderr.write(str(error))
        return MISTAKE
    return 0


sys.exit(main())
