"""Weights in the formats and under the names that other programs give them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from monai.networks.nets.masked_autoencoder_vit import MaskedAutoEncoderViT
from monai.networks.nets.swin_unetr import SwinTransformer
from monai.networks.nets.vit import ViT
from monai.networks.nets.vitautoenc import ViTAutoEnc
from safetensors.torch import save_file
from torch import Tensor

from models.backbone.foreign import import_weights
from models.backbone.name_map import NameMap, read_map
from models.backbone.reading import WeightsError

SIZES = {"hidden_size": 24, "mlp_dim": 48, "num_layers": 2, "num_heads": 2}
DECODER = {"decoder_hidden_size": 12, "decoder_num_layers": 1, "decoder_num_heads": 2}
SIDE = 32

Weights = dict[str, Tensor]


@pytest.fixture
def vit() -> ViT:
    torch.manual_seed(3)
    return ViT(1, (SIDE,) * 3, (16,) * 3, **SIZES)


@pytest.fixture
def put(tmp_path: Path) -> Callable[[Weights], Path]:
    def write(weights: Weights) -> Path:
        path = tmp_path / "theirs.safetensors"
        save_file({name: value.contiguous() for name, value in weights.items()}, path)
        return path

    return write


def _prefixed(weights: Weights, prefix: str) -> Weights:
    return {prefix + name: value for name, value in weights.items()}


def _equal(one: Weights, other: Weights) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("prefix", ["", "module.", "backbone.", "module.encoder.vit.", "student.backbone."])
def test_monai_vit_under_any_wrapper(vit: ViT, put: Callable[[Weights], Path], prefix: str) -> None:
    network, report = import_weights(put(_prefixed(vit.state_dict(), prefix)), heads=2, side=SIDE)
    assert report.share == 1
    assert not report.missing
    assert not report.unused
    assert _equal(vit.state_dict(), network.backbone.state_dict())
    cube = torch.randn(1, 1, SIDE, SIDE, SIDE)
    assert torch.allclose(network(cube), vit.eval()(cube)[0].mean(dim=1), atol=1e-5)


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
def test_torch_files(vit: ViT, tmp_path: Path, wrapper: str | None) -> None:
    path = tmp_path / "theirs.pt"
    torch.save({wrapper: vit.state_dict(), "epoch": 3} if wrapper else vit.state_dict(), path)
    network, report = import_weights(path, heads=2, side=SIDE)
    assert report.share == 1
    assert _equal(vit.state_dict(), network.backbone.state_dict())


def test_monai_masked_autoencoder(put: Callable[[Weights], Path]) -> None:
    kinds = {"pos_embed_type": "learnable", "decoder_pos_embed_type": "learnable"}
    theirs = MaskedAutoEncoderViT(1, (SIDE,) * 3, (16,) * 3, **SIZES, **DECODER, **kinds)
    network, report = import_weights(put(theirs.state_dict()), heads=2, side=SIDE)
    assert report.share == 1
    assert report.matched["norm.weight"] == "blocks.2.weight"
    assert {"cls_token", "mask_tokens", "decoder_pred.weight"} <= set(report.unused)
    assert torch.equal(network.backbone.norm.weight, theirs.blocks[2].weight)


def test_monai_autoencoder_on_another_grid(put: Callable[[Weights], Path]) -> None:
    theirs = ViTAutoEnc(1, (48, 48, 48), (16,) * 3, **SIZES)
    network, report = import_weights(put(theirs.state_dict()), heads=2, side=SIDE)
    assert report.share == 1
    assert "interpolated from 3 x 3 x 3 places" in report.matched["patch_embedding.position_embeddings"]
    assert network.positions.shape == (1, 8, 24)
    assert "conv3d_transpose.weight" in report.unused


def test_positions_of_an_uneven_grid_need_to_be_told(put: Callable[[Weights], Path]) -> None:
    theirs = ViT(1, (64, 64, 32), (16,) * 3, **SIZES)
    path = put(theirs.state_dict())
    _, report = import_weights(path, heads=2, side=SIDE)
    assert "grid = [6, 6, 4]" in report.unfit["patch_embedding.position_embeddings"]
    _, report = import_weights(path, NameMap(grid=(4, 4, 2)), heads=2, side=SIDE)
    assert "interpolated from 4 x 4 x 2 places" in report.matched["patch_embedding.position_embeddings"]


def test_interpolated_positions_keep_their_axes(put: Callable[[Weights], Path]) -> None:
    theirs = ViT(1, (64, 64, 64), (16,) * 3, **SIZES)
    ramp = torch.arange(4.0).repeat_interleave(16)  # rises along the first axis only
    weights = theirs.state_dict()
    weights["patch_embedding.position_embeddings"] = ramp[None, :, None].expand(1, 64, 24).clone()
    network, _ = import_weights(put(weights), heads=2, side=SIDE)
    assert network.positions[0, :, 5].tolist() == pytest.approx([0.5] * 4 + [2.5] * 4)


def test_perceptron_embedding_of_older_files(put: Callable[[Weights], Path]) -> None:
    theirs = ViT(1, (SIDE,) * 3, (16,) * 3, **SIZES, proj_type="perceptron").eval()
    network, report = import_weights(put(theirs.state_dict()), heads=2, side=SIDE)
    assert report.share == 1
    cube = torch.randn(1, 1, SIDE, SIDE, SIDE)
    assert torch.allclose(network(cube), theirs(cube)[0].mean(dim=1), atol=1e-5)


def test_a_flat_colour_vit_of_timm(put: Callable[[Weights], Path]) -> None:
    theirs = _timm()
    network, report = import_weights(put(theirs), heads=2, side=SIDE)
    assert report.share == 1
    assert report.settings["qkv_bias"]
    assert report.unused == ("cls_token", "head.weight")
    kernel = network.backbone.patch_embedding.patch_embeddings.weight
    assert kernel.shape == (24, 1, 16, 16, 16)
    expected = theirs["patch_embed.proj.weight"].mean(dim=1)
    assert torch.allclose(kernel.sum(dim=2)[:, 0], expected, atol=1e-5)
    assert "3 channels averaged" in report.matched["patch_embedding.patch_embeddings.weight"]


def _timm() -> Weights:
    block = {
        "norm1.weight": (24,),
        "norm1.bias": (24,),
        "attn.qkv.weight": (72, 24),
        "attn.qkv.bias": (72,),
        "attn.proj.weight": (24, 24),
        "attn.proj.bias": (24,),
        "norm2.weight": (24,),
        "norm2.bias": (24,),
        "mlp.fc1.weight": (48, 24),
        "mlp.fc1.bias": (48,),
        "mlp.fc2.weight": (24, 48),
        "mlp.fc2.bias": (24,),
    }
    shapes = {
        "cls_token": (1, 1, 24),
        "pos_embed": (1, 17, 24),
        "patch_embed.proj.weight": (24, 3, 16, 16),
        "patch_embed.proj.bias": (24,),
        **{f"blocks.{i}.{name}": shape for i in range(2) for name, shape in block.items()},
        "norm.weight": (24,),
        "norm.bias": (24,),
        "head.weight": (10, 24),
    }
    generator = torch.Generator().manual_seed(1)
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def test_swin_unetr(put: Callable[[Weights], Path]) -> None:
    theirs = SwinTransformer(1, 12, (3,) * 3, (2,) * 3, (1, 1, 1, 1), (1, 2, 4, 8)).eval()
    names = {name.replace("mlp.linear", "mlp.fc"): value for name, value in theirs.state_dict().items()}
    path = put(_prefixed(names, "module.swinViT.") | {"rotation_head.weight": torch.ones(4, 4)})
    network, report = import_weights(path, side=64)
    assert report.share == 1
    assert report.unused == ("rotation_head.weight",)
    assert report.settings["heads"] == [1, 2, 4, 8]
    assert report.settings["window"] == 3
    cube = torch.randn(1, 1, 64, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(network(cube), theirs(cube)[-1].mean(dim=(2, 3, 4)), atol=1e-5)


def test_a_map_says_what_others_call_their_parts(vit: ViT, put: Callable[[Weights], Path]) -> None:
    odd = {name.replace("blocks.", "stack.layer_"): value for name, value in vit.state_dict().items()}
    path = put(odd)
    with pytest.raises(WeightsError, match="no transformer was found in it"):
        import_weights(path, heads=2, side=SIDE)
    own = path.with_name("map.toml")
    own.write_text("[names]\n'^stack\\.layer_' = 'blocks.'\n")
    assert import_weights(path, read_map(own), heads=2, side=SIDE)[1].share == 1


def test_too_little_is_refused_and_the_random_rest_is_fixed_by_the_seed(
    vit: ViT, put: Callable[[Weights], Path]
) -> None:
    path = put({name: value for name, value in vit.state_dict().items() if ".attn." not in name})
    with pytest.raises(WeightsError, match=r"only 9\d% of .* 99% are asked for; missing are blocks\.0\.attn"):
        import_weights(path, heads=2, side=SIDE, least=0.99)
    one, report = import_weights(path, heads=2, side=SIDE, least=0.5)
    other, _ = import_weights(path, heads=2, side=SIDE, least=0.5)
    assert report.missing[0] == "blocks.0.attn.out_proj.weight"
    assert _equal(one.state_dict(), other.state_dict())


def test_heads_must_be_said_where_the_width_does_not_show_them(
    vit: ViT, put: Callable[[Weights], Path]
) -> None:
    path = put(vit.state_dict())
    with pytest.raises(WeightsError, match="how many attention heads for a width of 24"):
        import_weights(path, side=SIDE)
    with pytest.raises(WeightsError, match="5 attention heads for a width of 24"):
        import_weights(path, heads=5, side=SIDE)


def test_numbers_that_are_not_finite_are_refused(vit: ViT, put: Callable[[Weights], Path]) -> None:
    for wrong in (float("nan"), 1e6):
        weights = vit.state_dict()
        weights["norm.bias"] = torch.full((24,), wrong)
        with pytest.raises(WeightsError, match="not finite, or beyond"):
            import_weights(put(weights), heads=2, side=SIDE)
