"""How bright each tissue is: (mean, deviation) per contrast.

CT is in Hounsfield units; lumbar trabecular bone is centred on 150 HU, the region of the L1 values of
Pickhardt et al., Ann Intern Med 2013;158(8):588-595, and shifted per person. MR signal is relative (1 is
about the brightest tissue of the contrast) and was set by eye: only its order matters, because a network sees
normalised images with randomised gain, gamma and coil fall-off.
"""

from collections.abc import Mapping
from enum import StrEnum

from models.anatomy.tissues import Tissue

Signal = tuple[float, float]
Table = Mapping[Tissue, Signal]


class Contrast(StrEnum):
    """What an image shows."""

    CT = "ct"
    T1 = "t1"
    T2 = "t2"
    WATER = "water"  #: water image of a Dixon pair
    FAT = "fat"  #: fat image of a Dixon pair
    T2_WATER = "t2_water"  #: water image of a T2-weighted Dixon pair, or T2 with fat saturation
    STIR = "stir"  #: short-tau inversion recovery: fat and marrow dark, water bright
    RANDOM = "rand"  #: every tissue at any level: contrast no scanner has, which networks learn to ignore


CT: Table = {
    Tissue.AIR: (-1000, 5),
    Tissue.SKIN: (30, 20),
    Tissue.SUBCUTANEOUS_FAT: (-105, 12),
    Tissue.FAT: (-100, 15),
    Tissue.SOFT_ORGAN: (40, 25),
    Tissue.FLUID_ORGAN: (15, 25),
    Tissue.GAS: (-850, 120),
    Tissue.ABDOMINAL_WALL: (50, 12),
    Tissue.AORTA: (45, 15),
    Tissue.VENA_CAVA: (45, 15),
    Tissue.BODY_CORTEX: (430, 140),
    Tissue.BODY_MARROW: (150, 70),
    Tissue.POSTERIOR_CORTEX: (750, 200),
    Tissue.POSTERIOR_MARROW: (230, 90),
    Tissue.ANNULUS: (95, 18),
    Tissue.NUCLEUS: (75, 18),
    Tissue.KIDNEY: (40, 20),
    Tissue.CEREBROSPINAL_FLUID: (12, 8),
    Tissue.CORD: (38, 8),
    Tissue.EPIDURAL_FAT: (-70, 30),
    Tissue.MUSCLE: (55, 12),
    Tissue.MUSCLE_FAT: (-75, 20),
    Tissue.RIB_CORTEX: (650, 200),
    Tissue.RIB_MARROW: (160, 70),
    Tissue.SACRUM_CORTEX: (450, 170),
    Tissue.SACRUM_MARROW: (110, 60),
    Tissue.LIGAMENT: (60, 15),
    Tissue.METAL: (3000, 1),
    Tissue.BONE_LESION: (180, 130),
    Tissue.BRIGHT_ORGAN: (120, 120),
    Tissue.LIVER: (75, 30),
    Tissue.CARTILAGE: (85, 20),
    Tissue.VEIN: (75, 30),
    Tissue.OEDEMA: (130, 70),
    Tissue.FATTY_MARROW: (60, 60),
    Tissue.SCLEROSIS: (480, 170),
    Tissue.HAEMANGIOMA: (20, 60),
    Tissue.CALCIFICATION: (450, 200),
    Tissue.POLYMER: (180, 50),
}

T2: Table = {
    Tissue.AIR: (0.02, 0.01),
    Tissue.SKIN: (0.35, 0.1),
    Tissue.SUBCUTANEOUS_FAT: (0.85, 0.15),
    Tissue.FAT: (0.75, 0.15),
    Tissue.SOFT_ORGAN: (0.35, 0.15),
    Tissue.FLUID_ORGAN: (0.5, 0.2),
    Tissue.GAS: (0.03, 0.02),
    Tissue.ABDOMINAL_WALL: (0.18, 0.06),
    Tissue.AORTA: (0.08, 0.08),
    Tissue.VENA_CAVA: (0.15, 0.12),
    Tissue.BODY_CORTEX: (0.08, 0.04),
    Tissue.BODY_MARROW: (0.45, 0.12),
    Tissue.POSTERIOR_CORTEX: (0.08, 0.04),
    Tissue.POSTERIOR_MARROW: (0.45, 0.12),
    Tissue.ANNULUS: (0.15, 0.06),
    Tissue.NUCLEUS: (0.5, 0.25),
    Tissue.KIDNEY: (0.6, 0.15),
    Tissue.CEREBROSPINAL_FLUID: (1.05, 0.15),
    Tissue.CORD: (0.38, 0.1),
    Tissue.EPIDURAL_FAT: (0.8, 0.15),
    Tissue.MUSCLE: (0.18, 0.06),
    Tissue.MUSCLE_FAT: (0.68, 0.15),
    Tissue.RIB_CORTEX: (0.08, 0.04),
    Tissue.RIB_MARROW: (0.45, 0.12),
    Tissue.SACRUM_CORTEX: (0.1, 0.04),
    Tissue.SACRUM_MARROW: (0.48, 0.12),
    Tissue.LIGAMENT: (0.15, 0.05),
    Tissue.METAL: (0, 0.01),
    Tissue.BONE_LESION: (0.6, 0.25),
    Tissue.BRIGHT_ORGAN: (0.8, 0.35),
    Tissue.LIVER: (0.3, 0.12),
    Tissue.CARTILAGE: (0.2, 0.08),
    Tissue.VEIN: (0.65, 0.2),
    Tissue.OEDEMA: (0.75, 0.15),
    Tissue.FATTY_MARROW: (0.65, 0.12),
    Tissue.SCLEROSIS: (0.15, 0.08),
    Tissue.HAEMANGIOMA: (0.85, 0.15),
    Tissue.CALCIFICATION: (0.1, 0.08),
    Tissue.POLYMER: (0.03, 0.02),
}

T1: Table = {
    Tissue.AIR: (0.02, 0.01),
    Tissue.SKIN: (0.4, 0.1),
    Tissue.SUBCUTANEOUS_FAT: (1.05, 0.15),
    Tissue.FAT: (0.95, 0.15),
    Tissue.SOFT_ORGAN: (0.4, 0.15),
    Tissue.FLUID_ORGAN: (0.35, 0.15),
    Tissue.GAS: (0.03, 0.02),
    Tissue.ABDOMINAL_WALL: (0.3, 0.07),
    Tissue.AORTA: (0.12, 0.1),
    Tissue.VENA_CAVA: (0.2, 0.12),
    Tissue.BODY_CORTEX: (0.08, 0.04),
    Tissue.BODY_MARROW: (0.52, 0.14),
    Tissue.POSTERIOR_CORTEX: (0.08, 0.04),
    Tissue.POSTERIOR_MARROW: (0.52, 0.14),
    Tissue.ANNULUS: (0.28, 0.07),
    Tissue.NUCLEUS: (0.33, 0.08),
    Tissue.KIDNEY: (0.4, 0.1),
    Tissue.CEREBROSPINAL_FLUID: (0.16, 0.05),
    Tissue.CORD: (0.36, 0.08),
    Tissue.EPIDURAL_FAT: (0.9, 0.15),
    Tissue.MUSCLE: (0.28, 0.06),
    Tissue.MUSCLE_FAT: (0.8, 0.15),
    Tissue.RIB_CORTEX: (0.08, 0.04),
    Tissue.RIB_MARROW: (0.52, 0.14),
    Tissue.SACRUM_CORTEX: (0.1, 0.04),
    Tissue.SACRUM_MARROW: (0.56, 0.14),
    Tissue.LIGAMENT: (0.18, 0.05),
    Tissue.METAL: (0, 0.01),
    Tissue.BONE_LESION: (0.4, 0.25),
    Tissue.BRIGHT_ORGAN: (0.4, 0.2),
    Tissue.LIVER: (0.5, 0.12),
    Tissue.CARTILAGE: (0.3, 0.08),
    Tissue.VEIN: (0.3, 0.15),
    Tissue.OEDEMA: (0.28, 0.08),
    Tissue.FATTY_MARROW: (0.8, 0.12),
    Tissue.SCLEROSIS: (0.15, 0.08),
    Tissue.HAEMANGIOMA: (0.75, 0.15),
    Tissue.CALCIFICATION: (0.15, 0.15),
    Tissue.POLYMER: (0.03, 0.02),
}

WATER: Table = {
    **T1,
    Tissue.SUBCUTANEOUS_FAT: (0.06, 0.03),
    Tissue.FAT: (0.06, 0.03),
    Tissue.EPIDURAL_FAT: (0.1, 0.05),
    Tissue.MUSCLE_FAT: (0.2, 0.1),
    Tissue.MUSCLE: (0.6, 0.1),
    Tissue.ABDOMINAL_WALL: (0.6, 0.1),
    Tissue.SKIN: (0.6, 0.2),
    Tissue.BODY_MARROW: (0.35, 0.12),
    Tissue.POSTERIOR_MARROW: (0.35, 0.12),
    Tissue.RIB_MARROW: (0.35, 0.12),
    Tissue.SACRUM_MARROW: (0.35, 0.12),
    Tissue.ANNULUS: (0.5, 0.12),
    Tissue.NUCLEUS: (0.6, 0.12),
    Tissue.CEREBROSPINAL_FLUID: (0.6, 0.2),
    Tissue.CORD: (0.6, 0.1),
    Tissue.KIDNEY: (0.8, 0.15),
    Tissue.LIVER: (0.75, 0.15),
    Tissue.AORTA: (0.45, 0.3),
    Tissue.VENA_CAVA: (0.45, 0.3),
    Tissue.BONE_LESION: (0.4, 0.2),
    Tissue.CARTILAGE: (0.4, 0.12),
    Tissue.VEIN: (0.5, 0.2),
    Tissue.OEDEMA: (0.55, 0.15),
    Tissue.FATTY_MARROW: (0.15, 0.08),
    Tissue.SCLEROSIS: (0.15, 0.08),
    Tissue.HAEMANGIOMA: (0.4, 0.2),
}

FAT: Table = {
    **dict.fromkeys(Tissue, (0.06, 0.03)),
    Tissue.SUBCUTANEOUS_FAT: (1.05, 0.12),
    Tissue.FAT: (0.95, 0.12),
    Tissue.EPIDURAL_FAT: (0.8, 0.15),
    Tissue.MUSCLE_FAT: (0.65, 0.15),
    Tissue.MUSCLE: (0.08, 0.03),
    Tissue.BODY_MARROW: (0.4, 0.12),
    Tissue.POSTERIOR_MARROW: (0.4, 0.12),
    Tissue.RIB_MARROW: (0.4, 0.12),
    Tissue.SACRUM_MARROW: (0.45, 0.12),
    Tissue.BONE_LESION: (0.5, 0.2),
    Tissue.BRIGHT_ORGAN: (0.1, 0.1),
    Tissue.OEDEMA: (0.15, 0.08),
    Tissue.FATTY_MARROW: (0.75, 0.12),
    Tissue.HAEMANGIOMA: (0.65, 0.15),
}

T2_WATER: Table = {
    **T2,
    Tissue.SUBCUTANEOUS_FAT: (0.07, 0.05),
    Tissue.FAT: (0.07, 0.05),
    Tissue.EPIDURAL_FAT: (0.1, 0.06),
    Tissue.MUSCLE_FAT: (0.14, 0.08),
    Tissue.BODY_MARROW: (0.2, 0.12),
    Tissue.POSTERIOR_MARROW: (0.2, 0.12),
    Tissue.RIB_MARROW: (0.2, 0.12),
    Tissue.SACRUM_MARROW: (0.22, 0.12),
    Tissue.MUSCLE: (0.3, 0.15),
    Tissue.ABDOMINAL_WALL: (0.3, 0.15),
    Tissue.ANNULUS: (0.4, 0.2),
    Tissue.NUCLEUS: (0.65, 0.2),
    Tissue.BONE_LESION: (0.5, 0.25),
    Tissue.OEDEMA: (0.7, 0.15),
    Tissue.FATTY_MARROW: (0.12, 0.07),
    Tissue.HAEMANGIOMA: (0.5, 0.2),
    Tissue.CARTILAGE: (0.35, 0.15),
}

STIR: Table = {
    **T2_WATER,
    Tissue.BODY_MARROW: (0.12, 0.07),
    Tissue.POSTERIOR_MARROW: (0.12, 0.07),
    Tissue.RIB_MARROW: (0.12, 0.07),
    Tissue.SACRUM_MARROW: (0.13, 0.07),
    Tissue.MUSCLE: (0.25, 0.08),
    Tissue.ABDOMINAL_WALL: (0.25, 0.08),
    Tissue.ANNULUS: (0.18, 0.1),
    Tissue.NUCLEUS: (0.5, 0.22),
    Tissue.BONE_LESION: (0.7, 0.25),
    Tissue.KIDNEY: (0.9, 0.15),
    Tissue.OEDEMA: (0.8, 0.15),
    Tissue.FATTY_MARROW: (0.07, 0.04),
}

TABLES: Mapping[Contrast, Table] = {
    Contrast.CT: CT,
    Contrast.T1: T1,
    Contrast.T2: T2,
    Contrast.WATER: WATER,
    Contrast.FAT: FAT,
    Contrast.T2_WATER: T2_WATER,
    Contrast.STIR: STIR,
}
