"""Agencies' own files, from their bytes to what became of each row."""
