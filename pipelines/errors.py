"""What can go wrong between a patient's files and the result objects.

* PipelineError            base; `code` is the coded reason, `str()` the text for people
  + InputError             the files cannot be used as they are
    - GeometryError        slices do not form a volume (tilt, gaps, duplicates)
  + SegmentationError      no plausible structures were found
  + FeatureError           a feature cannot be computed for a structure
  + ModelError             a shipped or configured model cannot be used (digest, version, inputs)
"""


class PipelineError(Exception):
    """Base of every error that the pipelines raise on purpose.

    Parameters
    ----------
    code : str
        Short upper-case code, stable across versions, used in SR and summary.json.
    message : str
        What is wrong, where, and what to do about it.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class InputError(PipelineError):
    """The files cannot be used as they are."""


class GeometryError(InputError):
    """The slices do not form a volume."""


class SegmentationError(PipelineError):
    """No plausible structures were found."""


class FeatureError(PipelineError):
    """A feature cannot be computed for a structure."""


class ModelError(PipelineError):
    """A model cannot be used: wrong digest, version or inputs."""
