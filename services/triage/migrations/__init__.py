"""The steps by which the tables of this service came to be (Alembic)."""
