"""How the lines of a history hang together."""
