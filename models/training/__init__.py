"""Training of the networks on generated anatomy."""

VERSION = "0.3.0"  # of the networks that are trained now
