"""Applies intake's migrations on the connection that the hub hands over."""

from shared.database import run_migrations

run_migrations()
