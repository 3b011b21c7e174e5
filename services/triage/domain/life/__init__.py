"""The life of a case as data: its states, what may happen in each, by whom, and on which conditions."""
