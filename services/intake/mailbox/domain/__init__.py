"""The nouns of the mailbox: a letter, the lines typed in it, and what is answered."""
