"""Weight files that cannot be used are refused in a line, and nothing in them is run."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.backbone.reading import WeightsError, read_weights


class _Mine:
    """An object that only code could restore."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("this must not run",)


@pytest.mark.parametrize("name", ["theirs.pt", "theirs.safetensors"])
def test_damaged_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    tensors = {"norm.weight": torch.ones(300)}
    if path.suffix == ".pt":
        torch.save(tensors, path)
    else:
        save_file(tensors, path)
    assert torch.equal(read_weights(path)["norm.weight"], torch.ones(300))
    whole = path.read_bytes()
    for content in (whole[:-200], b"", b"hello", whole[:40] + bytes(60) + whole[100:]):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=f"{name}: damaged") as caught:
            read_weights(path)
        assert "\n" not in str(caught.value)


def test_code_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "theirs.pth"
    torch.save({"state_dict": _Mine()}, path)
    with pytest.raises(WeightsError, match="program objects besides tensors, which are never run here"):
        read_weights(path)
    assert not capsys.readouterr().out


def test_what_is_no_weight_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        read_weights(tmp_path / "absent.pt")
    (tmp_path / "theirs.onnx").write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"must be \.safetensors, or \.pt"):
        read_weights(tmp_path / "theirs.onnx")
    for content in ({"epoch": 3}, [1, 2], {"state_dict": {"state_dict": {"lr": 0.1}}}):
        torch.save(content, tmp_path / "theirs.pt")
        with pytest.raises(WeightsError, match="holds no state_dict; looked for tensors and under"):
            read_weights(tmp_path / "theirs.pt")
