"""The life of a case, as data and over HTTP."""
