"""Figures for commissioners: how much came, of what kind, and how it ended; no person and no small number."""
