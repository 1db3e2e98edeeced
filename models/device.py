"""Where networks run: the device that a word names, checked against what the machine has."""

import torch


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; "auto" is the first GPU, else the CPU.

    Parameters
    ----------
    name : str
        "auto", "cpu", "cuda" or "cuda:1".

    Raises
    ------
    ValueError
        If there is no such device; says how many GPUs there are.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, number = name.partition(":")
    gpus = torch.cuda.device_count()
    if name == "cpu" or (kind == "cuda" and (not number or number.isdecimal()) and int(number or 0) < gpus):
        return torch.device(name)
    raise ValueError(f"no device {name!r}: choose auto, cpu, or cuda[:n]; there are {gpus} GPUs")
