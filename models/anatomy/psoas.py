"""Psoas major: a slip beside the disc T12-L1, thick and round at L4, forward and outward at the sacrum.

It grows as it descends, to about 16 cm2 at L4-L5 in young men: Reid et al., Arch Phys Med Rehabil
1994;75:703-708.
"""

import numpy as np

from models.anatomy.scene import L1, L3, Profile, Scene
from models.anatomy.tube import Tube

# Half axes in mm at size and bulk 1, by descent.
DESCENTS = (-0.4, -0.2, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5)
HALF_WIDTH = (1.0, 2.5, 5, 9, 13, 16.5, 19, 19.5, 18)
HALF_DEPTH = (2.0, 7, 11.5, 16, 18.5, 19.5, 20, 20, 19)


def draw_psoas(scene: Scene, side: int, bulk: float) -> Tube:
    """Draw the psoas of the left (1) or right (-1) side; its surroundings decide where it is seen."""
    random, t = scene.random, scene.descent
    half_width = _profile(t, HALF_WIDTH) * bulk * random.uniform(0.9, 1.1)
    half_depth = _profile(t, HALF_DEPTH) * bulk * random.uniform(0.88, 1.12)
    wall = np.interp(t, [-0.4, 0.5, 1], [0.88, 1.0, 1.06]) * scene.spine.vertebrae[L3].half_width
    pelvic = np.clip(t - 0.9, 0, 0.7)
    out = wall - 1 + half_width * random.uniform(0.75, 1.0) + pelvic * random.uniform(12, 30)
    return Tube(
        out=side * out,
        behind=_depth(scene) - pelvic * random.uniform(25, 70),
        half_width=half_width,
        half_depth=half_depth,
        angle=side * random.uniform(-0.6, 0.3),
        exponent=random.uniform(1.9, 2.6),
        bottom=-1e3,
        top=scene.height_of(L1) + random.uniform(-8, 22),
    )


def _profile(descent: Profile, values: tuple[float, ...]) -> Profile:
    return np.interp(descent, DESCENTS, values)


def _depth(scene: Scene) -> Profile:
    """Beside the back half of the bodies at L1 and L2, beside their middle at L4."""
    random, spine = scene.random, scene.spine
    body = spine.vertebrae[L3].half_depth
    share = np.interp(scene.descent, [0, 0.5, 1], [0.65, 0.9, 1.15]) * random.uniform(0.85, 1.12)
    return random.uniform(-2, 3) - spine.canal_depth - body * share
