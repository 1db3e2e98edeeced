"""Which series of a case plays which role, by geometry and acquisition, with a reason for every one."""

from pipelines.selection.choice import select

__all__ = ["select"]
