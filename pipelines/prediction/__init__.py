"""From a case's analyses and clinical variables to a risk, or to the reason why there is none."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pipelines.prediction.choices import chosen
from pipelines.prediction.signature import SignaturePredictor
from pipelines.types import Prediction, Role, SeriesAnalysis

__all__ = ["Predictor", "SignaturePredictor", "chosen", "predict"]


class Predictor(Protocol):
    """What a plug-in predictor provides."""

    def predict(self, analyses: Mapping[Role, SeriesAnalysis], clinical: Mapping[str, Any]) -> Prediction:
        """Answer for one case.

        Parameters
        ----------
        analyses : mapping of Role to SeriesAnalysis
            Everything computed from the case's series.
        clinical : mapping
            Keys and values as `pipelines.clinical.validate` allows them; may be empty.

        Returns
        -------
        Prediction
            With status "not_evaluable", reasons and no number where a required input is missing.
        """
        ...


def predict(
    analyses: Mapping[Role, SeriesAnalysis],
    clinical: Mapping[str, Any],
    predictors: Sequence[Predictor] | None = None,
) -> tuple[Prediction, ...]:
    """Ask every predictor.

    Parameters
    ----------
    analyses : mapping of Role to SeriesAnalysis
    clinical : mapping
        Clinical variables (`pipelines.clinical`); explicit values and header values already joined.
    predictors : sequence of Predictor, optional
        The shipped ones by default: asdeg, then pain. See `chosen`.

    Raises
    ------
    InputError
        CLINICAL_INVALID if a clinical value is not allowed.
    ModelError
        MODEL_INVALID if a shipped model is missing or damaged.
    """
    asked = chosen() if predictors is None else predictors
    return tuple(predictor.predict(analyses, clinical) for predictor in asked)
