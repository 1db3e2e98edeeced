"""What surrounds the dural sac outside the bones: fat of the foramina, yellow ligament, nerve roots."""

import torch

from models.anatomy.canal import Canal
from models.anatomy.implicit import rod
from models.anatomy.scene import Scene
from models.anatomy.tissues import CANAL, Tissue

REACH = (52.0, 34.0, 40.0)  # mm around a point behind a body's centre


def paint_surroundings(scene: Scene, canal: Canal) -> None:
    """Paint fat beside the canal and the yellow ligament behind it, before any bone."""
    random, spine = scene.random, scene.spine
    above = scene.up > float(spine.segments[0].body.centre[2])
    beside = (scene.lateral < spine.canal_width + random.uniform(7, 12)) & (
        (scene.back + 2).abs() < spine.canal_depth * random.uniform(0.9, 1.2)
    )
    near = canal.distance < random.uniform(2.0, 4.0)
    scene.canvas.paint((beside | near) & above, Tissue.FAT, instance=0)
    flavum = (canal.distance < random.uniform(2.0, 4.5)) & (scene.back > spine.canal_depth * 0.2)
    scene.canvas.paint(flavum & above & (canal.distance > 0), Tissue.LIGAMENT, instance=0)


def paint_roots(scene: Scene) -> None:
    """Paint the roots that leave below each pedicle, each thickened to its ganglion in the foramen."""
    spine, random = scene.spine, scene.random
    for level, body in enumerate(spine.vertebrae):
        part = scene.canvas.window(body.centre + body.axes[:, 1] * body.half_depth, REACH)
        if part is None:
            continue
        u, v, w = part.local(body.centre, body.axes)
        h, middle = body.half_height, body.half_depth + spine.canal_depth
        point, out = (u.abs(), v, w), spine.canal_width
        ganglion = (out + random.uniform(3, 6), middle - 3.0, -h * random.uniform(0.35, 0.6))
        root = rod(point, (out * 0.75, middle - 3.5, h * 0.5), ganglion, (1.3, 1.3, 1.5), 1.5)
        knot = rod(point, ganglion, ganglion, (3.4, 2.6, 4.5 - 0.25 * level))
        nerve = rod(point, ganglion, (out + 16, middle - 12, -h - 10), (1.8, 1.8, 1.8))
        fat = (part.tissues == Tissue.FAT) | (part.tissues == Tissue.EPIDURAL_FAT)
        free = fat & ((part.instances == 0) | (part.instances == CANAL))
        part.paint(torch.minimum(torch.minimum(root, knot), nerve).lt(0) & free, Tissue.CORD)
