"""Reviews, merging and separating, and person-checks."""
