"""Notify: tells the coordinator, until somebody has it."""
