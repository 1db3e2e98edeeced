"""The words for where networks run."""

import re

DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


def device_name(value: str) -> str:
    """Return `value` if it names a device; whether the machine has it shows when a network is loaded.

    Raises
    ------
    ValueError
        Saying what is allowed.
    """
    if DEVICE.fullmatch(value) is None:
        raise ValueError(f"{value!r} is no device; allowed: auto, cpu, cuda, or cuda:1 for the second one")
    return value
