"""Measure the segmentation on scans with a reference: DICOM in, DICOM SEG out, strict."""

from pipelines.evaluation.evaluate import Evaluation, ScanResult
from pipelines.evaluation.manifest import Row, read_manifest
from pipelines.evaluation.tables import write_tables

__all__ = ["Evaluation", "Row", "ScanResult", "read_manifest", "write_tables"]
