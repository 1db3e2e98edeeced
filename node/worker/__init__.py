"""Workers: analyses in warm, spawned processes, each held to its limits."""

ANALYSE = "pipelines.analyse:run"  #: what worker processes run
