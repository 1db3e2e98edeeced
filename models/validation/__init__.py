"""Honest figures: out-of-fold probabilities, their intervals, and what an estimate is worth."""
