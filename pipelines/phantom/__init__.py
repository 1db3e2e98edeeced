"""A generated patient as DICOM: for the demonstration, the tests and the benchmarks.

Nobody's images: the anatomy comes from `models.anatomy`, so that the true labels of every voxel are known.
"""

from pipelines.phantom.patient import PhantomPatient, write_patient
from pipelines.phantom.truth import Truth, load_truth

__all__ = ["PhantomPatient", "Truth", "load_truth", "write_patient"]
