"""Clinical variables that a site has given: kept by patient, used at every analysis."""
