"""Training of the networks on generated anatomy."""
