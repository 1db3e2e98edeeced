"""Many studies: a site's list of patients to one table of features."""

from pipelines.cohort.problems import CohortError, Problem
from pipelines.cohort.read import Cohort, Patient, read_cohort
from pipelines.cohort.variables import PatientVariables, read_variables

__all__ = [
    "Cohort",
    "CohortError",
    "Patient",
    "PatientVariables",
    "Problem",
    "read_cohort",
    "read_variables",
]
