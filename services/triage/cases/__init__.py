"""What coordinators do with cases: see them, move them, record in them, assess needs, refer across."""
