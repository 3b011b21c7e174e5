"""Intake takes what agencies and people send, refuses what cannot be read, and gives a receipt."""
