"""What triage compares, joins and routes."""
