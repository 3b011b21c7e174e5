"""The figures that commissioners read."""
