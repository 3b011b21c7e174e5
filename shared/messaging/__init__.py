"""How services speak to one another: said through an outbox, heard through an inbox, once."""
