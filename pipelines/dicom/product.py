"""Who makes the result objects: the equipment attributes of PS3.3 C.7.5.1 and C.7.5.2."""

from pipelines.dicom.uids import derived_uid
from pipelines.version import VERSION

MANUFACTURER = "lumbar-node"
MODEL_NAME = "lumbar-node"
SERIAL_NUMBER = "1"
DEVICE_UID = derived_uid("device", MANUFACTURER)
IMPLEMENTATION_CLASS_UID = derived_uid("implementation", MANUFACTURER)
IMPLEMENTATION_VERSION_NAME = f"LUMBARNODE_{VERSION.replace('.', '')}"  # SH, at most 16 characters

RESEARCH_USE = "RESEARCH USE ONLY"
DEMONSTRATION = "DEMONSTRATION MODEL - trained on simulated patients"
