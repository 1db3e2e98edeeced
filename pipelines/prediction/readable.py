"""Names of a predictor's inputs; they live in `pipelines.readable`, which loads no network."""

from pipelines.readable import ROLES, SIGNATURES, block_name, clinical_name, feature_name, role_name, term_name

__all__ = ["ROLES", "SIGNATURES", "block_name", "clinical_name", "feature_name", "role_name", "term_name"]
