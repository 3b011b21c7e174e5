"""The nouns of an import: the lines of a file, its rows, and what is wrong with them."""
