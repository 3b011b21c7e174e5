"""The history of a case: what was done, by whom and when, written once and chained line to line."""
