"""Triage's nouns: values and functions, without input, output, clock or chance."""
