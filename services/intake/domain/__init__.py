"""The nouns of intake: plain values and functions that know no database, no clock and no wire."""
