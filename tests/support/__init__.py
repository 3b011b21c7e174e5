"""The servers that the tests run against, each private to one run and thrown away after it."""
