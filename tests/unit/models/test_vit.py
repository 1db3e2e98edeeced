import torch

from models.vit import SETTINGS, initialised, load


def test_the_shipped_encoder():
    encoder = load()
    assert sum(weight.numel() for weight in encoder.network.parameters()) <= 8_000_000
    cubes = torch.randn(1, 1, 128, 128, 128, generator=torch.Generator().manual_seed(1))
    features = encoder.features(cubes)
    assert features.shape == (1, SETTINGS["hidden"])
    assert torch.isfinite(features).all()
    assert torch.equal(features, encoder.features(cubes))
    assert "untrained" in encoder.manifest.training_data


def test_a_seed_gives_the_same_network_and_disturbs_nobody():
    small = {**SETTINGS, "side": 32, "hidden": 24, "mlp": 48, "layers": 1}
    before = torch.random.get_rng_state()
    first, second = initialised(3, small).state_dict(), initialised(3, small).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert torch.equal(before, torch.random.get_rng_state())
