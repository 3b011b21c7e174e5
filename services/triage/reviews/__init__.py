"""Possible duplicates before a human, merging and separating, and whether somebody is known already."""
