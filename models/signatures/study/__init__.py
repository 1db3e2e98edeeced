"""A training as a study: what is estimated, how, and the files that the report is written from."""
