"""Delivery: every result object to every destination, each with its own status and its own patience."""
