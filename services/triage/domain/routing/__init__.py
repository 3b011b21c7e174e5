"""Which team takes a case, and what must be looked to first: a decision table and its checks."""
