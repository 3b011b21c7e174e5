"""The plan of the house, and that it is kept to."""
