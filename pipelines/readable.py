"""Names of a predictor's inputs for people, short enough for a code meaning (64 characters)."""

from collections.abc import Mapping
from typing import Any, Final

from models.signatures.clinical import PREFIX, variable_of
from pipelines.types import Role

ROLES: Final[Mapping[str, str]] = {
    Role.CT: "CT",
    Role.MR_SAG_T1: "sagittal T1 MR",
    Role.MR_SAG_T2: "sagittal T2 MR",
    Role.MR_AXIAL_T1: "axial T1 MR",
    Role.MR_AXIAL_T2: "axial T2 MR",
    Role.MR_AXIAL_DIXON_WATER: "axial Dixon water MR",
    Role.MR_AXIAL_DIXON_FAT: "axial Dixon fat MR",
}
SIGNATURES: Final[Mapping[str, str]] = {
    "rad_sign": "radiomics signature",
    "dl_sign": "deep learning signature",
}
_KINDS: Final[Mapping[str, str]] = {"deep": "deep features", "radiomics_hu": "HU radiomics"}


def role_name(role: str) -> str:
    """Name a role: "mr_sag_t2" is "sagittal T2 MR"."""
    return ROLES.get(role, role)


def block_name(block: str) -> str:
    """Name a block: "mr_sag_t2.disc.deep" is "sagittal T2 MR disc deep features"."""
    role, group, kind = block.split(".")
    return f"{role_name(role)} {_words(group)} {_KINDS.get(kind, kind)}"


def feature_name(key: str) -> str:
    """Name a feature, its wavelet band included.

    `mr_sag_t2.disc.radiomics.wavelet-HHH_gldm_DependenceVariance` is "sagittal T2 MR disc: gldm
    DependenceVariance (wavelet-HHH)".
    """
    role, group, kind, feature = key.split(".", 3)
    where = f"{role_name(role)} {_words(group)}"
    if kind == "measurement":
        return f"{where}: {_words(feature)}"
    image, _, name = feature.partition("_")
    band = "" if image == "original" else f" ({image})"
    return f"{where}: {_words(name)}{band}"


def clinical_name(variable: str, value: Any) -> str:
    """Name a clinical variable and its value: "osteoporosis: yes", "diagnosis: disc herniation"."""
    if value is None:
        return f"{_words(variable)}: not known"
    if isinstance(value, bool):
        return f"{_words(variable)}: {'yes' if value else 'no'}"
    return f"{_words(variable)}: {_words(value) if isinstance(value, str) else format(value, 'g')}"


def term_name(term: str, clinical: Mapping[str, Any]) -> str:
    """Name what a term of the model stands for; the columns of one clinical variable share a name."""
    if term in SIGNATURES:
        return SIGNATURES[term]
    if term.startswith(PREFIX):
        variable = variable_of(term)
        return clinical_name(variable, clinical.get(variable))
    # a component of deep features has no name that says more
    return feature_name(term) if term.count(".") >= 3 else _words(term)


def _words(name: str) -> str:
    return name.replace("_", " ")
