"""How two accounts are compared: who is in them and what happened, as a careful human would sign it."""
