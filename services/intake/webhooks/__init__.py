"""Changes of status, pushed to the agency's own system, signed, until it has them."""
