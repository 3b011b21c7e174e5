"""What intake takes, what it refuses, and what it says to whoever sent it."""
