"""Words for devices, against what this machine has."""

import pytest
import torch

from models.device import choose_device


def test_the_devices_there_are() -> None:
    gpus = torch.cuda.device_count()
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto") == torch.device("cuda" if gpus else "cpu")
    for number in range(gpus):
        assert choose_device(f"cuda:{number}") == torch.device("cuda", number)


@pytest.mark.parametrize("name", ["cuda:99", "cuda:-1", "cuda:x", "cpu:1", "gpu", ""])
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"no device {name!r}.* there are {torch.cuda.device_count()} GPUs"):
        choose_device(name)
