"""nnU-Net's plain U-Net from plans of every age, with parameters under nnU-Net's names."""

from importlib.util import find_spec

import pytest
import torch
from phantoms.nnunet import ARCHITECTURE, BEFORE_2_4

from models.nnunet import PACKAGE, PlainUNet, PlanError, build_network, load_weights

OLD = {**BEFORE_2_4, "patch_size": [16, 32, 32]}
RESIDUAL = {
    "network_class_name": f"{PACKAGE}.architectures.unet.ResidualEncoderUNet",
    "arch_kwargs": {
        **{k: v for k, v in ARCHITECTURE["arch_kwargs"].items() if k != "n_conv_per_stage"},
        "n_blocks_per_stage": [1, 2, 2],
    },
}


def changed(**arguments):
    return {"architecture": {**ARCHITECTURE, "arch_kwargs": {**ARCHITECTURE["arch_kwargs"], **arguments}}}


@pytest.mark.parametrize("configuration", [OLD, {"architecture": ARCHITECTURE}], ids=["before 2.4", "since"])
def test_logits_have_the_shape_of_the_image(configuration):
    network = build_network(configuration, 1, 5)
    assert isinstance(network, PlainUNet)
    assert network(torch.zeros(1, 1, 4, 16, 8)).shape == (1, 5, 4, 16, 8)


def test_plans_of_either_age_are_one_network():
    old, new = build_network(OLD, 1, 5), build_network({"architecture": ARCHITECTURE}, 1, 5)
    load_weights(new, old.state_dict())
    image = torch.randn(1, 1, 8, 16, 16)
    assert torch.equal(old.eval()(image), new.eval()(image))


def test_parameters_have_nnunets_names():
    names = set(build_network(OLD, 1, 5).state_dict())
    assert {
        "encoder.stages.0.0.convs.0.conv.weight",
        "encoder.stages.2.0.convs.1.norm.bias",
        "decoder.stages.1.convs.0.conv.bias",
        "decoder.transpconvs.0.weight",
        "decoder.seg_layers.0.weight",
        "decoder.seg_layers.1.bias",
    } <= names


def test_slices_have_networks_too():
    flat = changed(kernel_sizes=[[3, 3]] * 3, strides=[[1, 1], [2, 2], [2, 2]])
    assert build_network(flat, 1, 2)(torch.zeros(1, 1, 8, 8)).shape == (1, 2, 8, 8)


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({}, "lacks 'UNet_class_name'"),
        ({**OLD, "UNet_class_name": "Primus"}, "'Primus' is not known; allowed: PlainConvUNet, Residual"),
        (
            {"architecture": {"network_class_name": "os.system", "arch_kwargs": {}}},
            "'os.system' is not of dynamic",
        ),
        (
            {"architecture": {**RESIDUAL, "arch_kwargs": {"conv_op": "os.system"}}},
            "'os.system' is neither of torch",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(configuration, said):
    with pytest.raises(PlanError, match=said):
        build_network(configuration, 1, 2)


@pytest.mark.skipif(find_spec(PACKAGE) is not None, reason=f"{PACKAGE} is installed")
@pytest.mark.parametrize("other", [{"architecture": RESIDUAL}, changed(nonlin="torch.nn.ReLU")])
def test_other_architectures_need_the_package(other):
    with pytest.raises(ModuleNotFoundError, match=PACKAGE):
        build_network(other, 1, 2)


@pytest.mark.skipif(find_spec(PACKAGE) is None, reason=f"{PACKAGE} is not installed (extra totalsegmentator)")
@pytest.mark.parametrize("other", [{"architecture": RESIDUAL}, changed(nonlin="torch.nn.ReLU")])
def test_other_architectures_come_from_the_package(other):
    network = build_network(other, 1, 2)
    load_weights(network, network.state_dict())
    assert network(torch.zeros(1, 1, 8, 16, 16)).shape == (1, 2, 8, 16, 16)
