"""Whatever can die is killed here, on purpose: nothing may be lost, and nothing done twice."""
