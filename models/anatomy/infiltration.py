"""Fat inside muscle: from none to nearly all of it, in streaks along the fibres and as a fine mixture.

The multifidus turns to fat from its depth and from below, as graded by Kjaer et al., BMC Med 2007;5:2; the
erector spinae more from its side.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from models.anatomy.fields import streak_field
from models.anatomy.paraspinal import Compartment
from models.anatomy.randomness import Randomness
from models.anatomy.scene import Scene

SHARES = {"multifidus": 1.0, "erector spinae": 0.75, "psoas major": 0.25, "quadratus lumborum": 0.4}
NONE, SPAN = 2.4, 2.6  #: threshold where there is no fat, and how far it falls to nearly all
TOTAL = 1.45  #: level at which a muscle is replaced by fat


@dataclass(frozen=True, eq=False)
class FatPatterns:
    """How much fat there is (0 to 1), and where it appears first in each muscle."""

    amount: float
    streaks: Tensor
    places: Mapping[str, Tensor]

    def inside(self, random: Randomness, muscle: str) -> Tensor:
        """Mask of fat in one muscle of one side: (X, Y, Z) bool."""
        level = min(self.amount * SHARES[muscle] * random.uniform(0.5, 1.4), 1.05)
        if muscle in self.places and random.chance(0.03):
            level = random.uniform(1.05, TOTAL)
        return self.places.get(muscle, self.streaks) > NONE - SPAN * level


def draw_fat(scene: Scene, compartment: Compartment) -> FatPatterns:
    """Draw the fat of one person."""
    random, grid = scene.random, scene.canvas.grid
    amount = random.uniform(0, 1)
    streaks = streak_field(random, grid)
    fine = random.field(grid.shape) * random.uniform(0, 0.8)
    streaks = streaks + fine
    deep = random.uniform(0, 1.8) * torch.exp(
        -(((scene.back - random.uniform(8, 16)) / random.uniform(5, 10)) ** 2)
    )
    side = ((scene.lateral - compartment.width * 0.7) / 20).clamp(0, 1) * random.uniform(-0.5, 0.8)
    below = 0.6 * amount * (scene.column(scene.descent) - 0.6)
    places = {
        "multifidus": streaks + deep * amount + below,
        "erector spinae": streaks + side * amount + below,
    }
    return FatPatterns(amount, streaks, places)
