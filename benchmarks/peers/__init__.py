"""What the hub is measured against: the bare stack, and other frameworks doing the same work."""
