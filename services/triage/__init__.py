"""Triage: finds what is already known, makes the case, routes it."""
