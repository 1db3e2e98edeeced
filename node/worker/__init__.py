"""Workers: analyses in warm, spawned processes, each held to its limits."""
