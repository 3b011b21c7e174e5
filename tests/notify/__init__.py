"""How a coordinator is told, until somebody has the case."""
