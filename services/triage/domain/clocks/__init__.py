"""How soon each thing in a case is to be done."""
