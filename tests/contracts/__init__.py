"""The messages as they stand on the wire, now and as they were."""
