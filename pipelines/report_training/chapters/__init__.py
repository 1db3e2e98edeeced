"""The chapters of the report; each module builds one from a `Study`, and leaves out what was not measured."""
