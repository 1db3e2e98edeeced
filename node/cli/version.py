"""`lumbar-node version`: the versions that a problem report needs."""

import platform
from importlib.metadata import version as installed

import typer

PACKAGES = ("lumbar-node", "pynetdicom", "pydicom", "highdicom", "torch", "pyradiomics-cuda", "numpy")


def version() -> None:
    """Print the versions of this program and of what its results depend on."""
    for name in PACKAGES:
        typer.echo(f"{name} {installed(name)}")
    typer.echo(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
