"""Focal lesions in vertebral bodies: haemangioma-like balls in the marrow."""

import numpy as np
import torch

from models.anatomy.scene import Scene
from models.anatomy.tissues import Tissue


def paint_lesions(scene: Scene) -> None:
    """Give one body in eight a ball of other marrow, 3 to 9 mm in radius."""
    random, canvas = scene.random, scene.canvas
    for body in scene.spine.vertebrae:
        if not random.chance(0.12):
            continue
        place = np.array(
            [
                random.uniform(-0.5, 0.5) * body.half_width,
                random.uniform(-0.5, 0.5) * body.half_depth,
                random.uniform(-0.6, 0.6) * body.half_height,
            ]
        )
        radius = random.uniform(3, 9)
        centre = torch.tensor(body.centre + body.axes @ place, dtype=torch.float32, device=canvas.grid.device)
        ball = ((canvas.points - centre.view(3, 1, 1, 1)) ** 2).sum(0) < radius**2
        canvas.paint(ball & (canvas.tissues == Tissue.BODY_MARROW), Tissue.BONE_LESION)
