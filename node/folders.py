"""Folders that the settings name."""

from pathlib import Path

from node.errors import ConfigurationError


def make_folder(folder: Path, key: str) -> None:
    """Make a folder if it is missing.

    Parameters
    ----------
    folder : Path
    key : str
        The key of the settings that names it.

    Raises
    ------
    ConfigurationError
        Naming the key, the folder and the reason.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{key}: the folder {folder} cannot be made: {error.strerror}; name one that can be written to"
        ) from None
