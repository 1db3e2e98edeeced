"""What the generated anatomy is made of: tissues, and the numbers of the structures they belong to."""

from enum import IntEnum


class Tissue(IntEnum):
    """A tissue; its value is what `Anatomy.tissues` holds."""

    AIR = 0
    SKIN = 1
    SUBCUTANEOUS_FAT = 2
    FAT = 3
    SOFT_ORGAN = 4  #: bowel wall and other soft organs
    FLUID_ORGAN = 5  #: bowel or stomach content, possibly with contrast medium
    GAS = 6
    ABDOMINAL_WALL = 7  #: every muscle that is not one of the eight labelled ones
    AORTA = 8
    VENA_CAVA = 9
    BODY_CORTEX = 10
    BODY_MARROW = 11
    POSTERIOR_CORTEX = 12
    POSTERIOR_MARROW = 13
    ANNULUS = 14
    NUCLEUS = 15
    KIDNEY = 16
    CEREBROSPINAL_FLUID = 17
    CORD = 18  #: spinal cord and nerve roots
    EPIDURAL_FAT = 19
    MUSCLE = 20
    MUSCLE_FAT = 21
    RIB_CORTEX = 22  #: ribs, iliac wings and hips
    RIB_MARROW = 23
    SACRUM_CORTEX = 24
    SACRUM_MARROW = 25
    LIGAMENT = 26
    METAL = 27
    BONE_LESION = 28  #: focal lesions of any signal
    BRIGHT_ORGAN = 29
    LIVER = 30
    CARTILAGE = 31  #: end plates of the discs, facet joints, sacroiliac joints
    VEIN = 32  #: basivertebral veins
    OEDEMA = 33  #: marrow of Modic type 1 and of fresh fractures
    FATTY_MARROW = 34  #: Modic type 2
    SCLEROSIS = 35  #: Modic type 3, bone graft
    HAEMANGIOMA = 36
    CALCIFICATION = 37  #: in discs
    POLYMER = 38  #: plastic cages


LEVELS = ("L5", "L4", "L3", "L2", "L1", "T12", "T11")
"""Vertebrae from the sacrum upward, counted from the lowest that is not part of it, whatever its ribs say;
vertebra `LEVELS[i]` is instance `i + 1`."""

DISCS = ("L5-S1", "L4-L5", "L3-L4", "L2-L3", "L1-L2", "T12-L1", "T11-T12")
"""Discs from the sacrum upward; disc `DISCS[i]` is instance `FIRST_DISC + i`."""

MUSCLES = (
    "left multifidus",
    "right multifidus",
    "left erector spinae",
    "right erector spinae",
    "left psoas major",
    "right psoas major",
    "left quadratus lumborum",
    "right quadratus lumborum",
)
"""Muscle `MUSCLES[i]` is instance `FIRST_MUSCLE + i`."""

FIRST_VERTEBRA, LAST_VERTEBRA = 1, 7
SACRUM = 8
FIRST_DISC, LAST_DISC = 21, 27
CANAL = 40
FIRST_MUSCLE, LAST_MUSCLE = 51, 58
