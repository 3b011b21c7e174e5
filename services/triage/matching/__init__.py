"""Matching's desk: accounts are read, its model is trained, measured and explained."""
