"""Weight files from elsewhere, read as tensors and nothing else."""

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import is_zipfile

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

PICKLED = (".pt", ".pth", ".ckpt", ".bin")
WRAPPERS = ("state_dict", "model_state_dict", "model", "network_weights", "teacher", "student", "module")
"""Keys under which training programs keep a network's weights, in the order of trust."""


class WeightsError(ValueError):
    """A weight file cannot be used."""


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a weight file.

    Parameters
    ----------
    path : Path
        .safetensors, or .pt, .pth, .ckpt, .bin as torch writes them. The latter are read without running any
        code that they carry.

    Returns
    -------
    dict of str to Tensor
        On the CPU, by the names they have in the file.

    Raises
    ------
    WeightsError
        If the file is absent, of another kind, damaged, carries code, or holds no tensors.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such file")
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    if path.suffix in PICKLED:
        return _find(_read_torch(path), path)
    raise WeightsError(f"{path}: weights must be .safetensors, or {', '.join(PICKLED)} as torch writes them")


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (SafetensorError, ValueError) as error:
        raise WeightsError(f"{path}: damaged, or no safetensors file: {error}") from None
    if not tensors:
        raise WeightsError(f"{path}: holds no tensors")
    return tensors


def _read_torch(path: Path) -> Any:
    with path.open("rb") as stream:
        if not is_zipfile(stream):
            raise WeightsError(
                f"{path}: damaged, or written by a torch older than 1.6; load and save it there once more, "
                "as safetensors best"
            )
        stream.seek(0)
        try:
            return torch.load(stream, map_location="cpu", weights_only=True)
        except UnpicklingError:
            raise WeightsError(
                f"{path}: damaged, or carries program objects besides tensors, which are never run here; "
                "save its state_dict as safetensors where it was made"
            ) from None
        except (RuntimeError, EOFError) as error:
            raise WeightsError(f"{path}: damaged: {str(error).splitlines()[0]}") from None


def _find(content: Any, path: Path) -> dict[str, Tensor]:
    """Look for the dictionary of tensors, at most three wrappers deep."""
    for _ in range(3):
        if not isinstance(content, Mapping):
            break
        tensors = {str(key): value for key, value in content.items() if isinstance(value, Tensor)}
        if tensors:
            return tensors
        content = next((content[key] for key in WRAPPERS if key in content), None)
    raise WeightsError(f"{path}: holds no state_dict; looked for tensors and under {', '.join(WRAPPERS)}")
