"""Teams: who works in them, at which level, with how much room, and who should have the next case."""
