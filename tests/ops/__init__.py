"""The desk of ops: what waits where, and what could not be handled."""
