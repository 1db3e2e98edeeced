"""From a patient's series to result objects, without a network or a database."""
