"""Feature rows as generated patients would give them, with plain numbers in place of images."""

import numpy as np
import pytest

from models.signatures.description import built_in, built_in_names
from models.signatures.robust import ROBUST_FEATURES

DEEP_FEATURES = 6


def _row(rng: np.random.Generator) -> dict[str, float]:
    variants = [variant for name in built_in_names() for variant in built_in(name).variants]
    row = {name: float(rng.uniform(8, 40)) for variant in variants for name in variant.measurements}
    for block in sorted({block for variant in variants for block in variant.blocks}):
        deep = block.endswith(".deep")
        names = [f"deep_{i:03d}" for i in range(DEEP_FEATURES)] if deep else ROBUST_FEATURES
        row |= {f"{block}.{name}": float(rng.normal(5, 2)) for name in names}
    return row


@pytest.fixture(scope="session")
def rows() -> list[dict[str, float]]:
    rng = np.random.default_rng(11)
    return [_row(rng) for _ in range(24)]
