"""Matching measured: on FEBRL beside its peers, and on a hard register of a million invented people."""
