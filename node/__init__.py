"""The node: receives, remembers, hands out work and delivers results."""
