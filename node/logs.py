"""Structured logs: one JSON object a line, with study and job bound, and without patient identifiers."""

import logging
import sys
from contextlib import AbstractContextManager
from typing import TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

#: keys that could tell who a patient is; a line that carries one loses its value
PATIENT_KEYS = frozenset(
    {
        "accession_number",
        "birth_date",
        "other_patient_ids",
        "patient",
        "patient_address",
        "patient_birth_date",
        "patient_id",
        "patient_key",
        "patient_name",
        "referring_physician_name",
    }
)
REMOVED = "[removed]"
#: libraries whose debug lines show data sets or statements
QUIET_LOGGERS = ("pynetdicom", "pydicom", "sqlalchemy", "alembic")


def configure(level: str = "info", stream: TextIO | None = None, *, readable: bool = False) -> None:
    """Send every log line of this process, libraries included, to one stream.

    Parameters
    ----------
    level : str
        debug, info, warning or error.
    stream : TextIO, optional
        Default: standard error.
    readable : bool
        Lines for people instead of JSON.
    """
    shared = _shared_processors()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=False) if readable else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def get(name: str) -> FilteringBoundLogger:
    """Return the logger of a module: `log = logs.get(__name__)`."""
    logger: FilteringBoundLogger = structlog.get_logger(name)
    return logger


def bound(
    *, study: str | None = None, job: int | None = None, **values: object
) -> AbstractContextManager[object]:
    """Bind a study (its StudyInstanceUID) and a job to every line logged inside the block."""
    known = {"study": study, "job": job, **values}
    return structlog.contextvars.bound_contextvars(**{k: v for k, v in known.items() if v is not None})


def without_patient(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take the values of `PATIENT_KEYS` out of a log line."""
    return {key: REMOVED if key.lower() in PATIENT_KEYS else value for key, value in event.items()}


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_patient,
    ]
