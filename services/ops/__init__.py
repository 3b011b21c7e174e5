"""The desk of ops: what waits in all three services, and what could not be handled."""
