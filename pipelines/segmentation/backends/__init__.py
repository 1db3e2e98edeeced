"""Segmenters to choose from: the shipped networks, any MONAI bundle, TotalSegmentator's networks."""
