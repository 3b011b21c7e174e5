"""What the hub promises, stated as tests."""
