"""The version that every result object and report carries."""

VERSION = "0.1.0"  #: equals `project.version` of pyproject.toml (a test holds the two together)
