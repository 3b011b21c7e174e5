"""Changes of status, pushed to agencies."""
