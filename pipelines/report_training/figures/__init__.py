"""The figures of the report; each module draws one kind from a `Study`."""
