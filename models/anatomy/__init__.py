"""Procedural lumbar anatomy: generated people, whose scans carry perfect labels and belong to nobody.

`generate` draws a person, `render` gives the tissues a contrast, `acquire` scans it. All randomness comes
from the seed. The shipped segmentation networks were trained on scans made by exactly this generator.
"""

from models.anatomy.anatomy import Anatomy, generate
from models.anatomy.contrast import Contrast
from models.anatomy.grid import FieldOfView
from models.anatomy.render import render
from models.anatomy.scanner import Acquisition, acquire
from models.anatomy.tissues import Tissue

__all__ = [
    "Acquisition",
    "Anatomy",
    "Contrast",
    "FieldOfView",
    "Tissue",
    "acquire",
    "generate",
    "render",
]
