"""Implicit shapes shared by several structures."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.anatomy.implicit import meet

Vector = NDArray[np.float64]

RIM = 1.5  # mm over which the edges of the end plates are rounded


def rotation(pitch: float, roll: float, yaw: float) -> NDArray[np.float64]:
    """Axes of a vertebra after turning about x, then y, then z (radians).

    Returns
    -------
    (3, 3) float64 array
        Columns: the vertebra's left, back and up in world coordinates; a positive pitch tips it forward.
    """
    cx, sx = math.cos(pitch), math.sin(pitch)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    cy, sy = math.cos(roll), math.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    cz, sz = math.cos(yaw), math.sin(yaw)
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    axes: NDArray[np.float64] = about_z @ about_y @ about_x
    return axes


@dataclass(frozen=True, eq=False)
class Body:
    """Shape and place of a vertebral or sacral body (lengths in mm, angles in radians).

    A superelliptic cylinder with a waist, a concave back, cupped end plates, a wedge and, where it is worn,
    osteophytes at its rims.
    """

    centre: NDArray[np.float64]
    axes: NDArray[np.float64]  #: columns: left, back, up
    half_height: float
    half_width: float
    half_depth: float
    exponent: float  #: 2 is an ellipse, more is squarer
    waist: float  #: how much thinner at half height, as a fraction
    concavity: float  #: of the back wall, as a fraction of the radius
    tilt: float  #: pitch of the upper end plate
    wedge: float = 0.0  #: relative height difference, back against front
    upper_cup: float = 0.0
    lower_cup: float = 0.0
    osteophyte: float = 0.0
    phase: float = 0.0  #: where around the rim the osteophytes are largest
    degeneration: float = 0.0  #: of the disc below, 0 (healthy) to 1


def body_surface(local: Tensor, body: Body) -> tuple[Tensor, Tensor, Tensor]:
    """Evaluate a body's side wall and end plates.

    Parameters
    ----------
    local : (3, X, Y, Z) tensor
        Coordinates in the body's own frame.

    Returns
    -------
    radius, upper, lower : (X, Y, Z) tensors
        A point is inside where radius < 1 and -lower < w < upper (mm).
    """
    u, v, w = local
    level = (w / body.half_height).clamp(-1.3, 1.3)
    rim: Tensor = 1 - body.waist * (1 - level * level).clamp(min=0)
    if body.osteophyte > 0:
        near_rim = torch.exp(-(((body.half_height - w.abs()) / 2.5) ** 2))
        rim = rim + body.osteophyte * near_rim * (0.6 + 0.4 * torch.cos(torch.atan2(v, u) * 3 + body.phase))
    n = body.exponent
    radius = ((u.abs() / body.half_width) ** n + (v.abs() / body.half_depth) ** n) ** (1 / n)
    middle = torch.exp(-((u / (0.45 * body.half_width)) ** 2))
    radius = radius / rim + body.concavity * middle * (v / body.half_depth).clamp(min=0) ** 2
    central = (1 - radius * radius).clamp(min=0)
    base = body.half_height * (1 + body.wedge * v / body.half_depth)
    return radius, base * (1 - body.upper_cup * central), base * (1 - body.lower_cup * central)


def body_distance(local: Tensor, body: Body) -> Tensor:
    """Signed distance to a body's surface in mm, negative inside; `local` as for `body_surface`."""
    radius, upper, lower = body_surface(local, body)
    u, v, w = local
    reach = (u * u + v * v).sqrt()
    wall = reach * (1 - 1 / radius.clamp(min=0.05))
    return meet(wall, torch.maximum(w - upper, -lower - w), RIM)
