"""From an expected error to one clear line and an exit code; a traceback is for bugs only."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer


class ExitCode(IntEnum):
    """What the shell is told."""

    OK = 0
    FAILED = 1  #: the work was begun and failed
    USAGE = 2  #: the command line or the settings are wrong
    NOT_USABLE = 3  #: the input cannot be used: no pipeline applies, or the files are no images
    INTERRUPTED = 130  #: Ctrl-C


@contextmanager
def one_line() -> Iterator[None]:
    """Turn the errors that the program raises on purpose into a line on stderr and `typer.Exit`."""
    from models.manifest import ManifestError, UnknownModelError
    from node.errors import ConfigurationError, ModelRefused, NodeError, UnknownModel
    from pipelines.errors import InputError, PipelineError

    try:
        yield
    except (ConfigurationError, UnknownModel, UnknownModelError) as error:
        raise fail(str(error), ExitCode.USAGE) from None
    except ModelRefused as error:
        raise fail(str(error), ExitCode.NOT_USABLE) from None
    except InputError as error:
        raise fail(f"{error.code}: {error}", ExitCode.NOT_USABLE) from None
    except PipelineError as error:
        raise fail(f"{error.code}: {error}", ExitCode.FAILED) from None
    except (NodeError, ManifestError) as error:
        raise fail(str(error), ExitCode.FAILED) from None
    except OSError as error:
        raise fail(f"{error.filename or 'file'}: {error.strerror or error}", ExitCode.FAILED) from None
    except KeyboardInterrupt:
        raise fail("interrupted", ExitCode.INTERRUPTED) from None


def fail(message: str, code: ExitCode) -> typer.Exit:
    """Write one line to stderr and return the exit to raise."""
    typer.echo(f"lumbar-node: {message}", err=True)
    return typer.Exit(code)
