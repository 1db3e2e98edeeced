"""Retention: which studies may go, and how they go so that nothing that is wanted goes with them."""
