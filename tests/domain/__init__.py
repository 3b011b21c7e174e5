"""The nouns of each service: values and functions."""
