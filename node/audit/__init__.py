"""The audit trail: who did what to which study, as DICOM audit messages (PS3.15 A.5)."""

from node.audit.trail import Trail

__all__ = ["Trail"]
