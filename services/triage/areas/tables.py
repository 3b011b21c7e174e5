"""The tables of postcodes and of properties, as they are published."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from services.triage.tables import metadata

# By the ONS Postcode Directory. `edition` tells which load wrote a row, so that what a newer one lacks goes.
postcodes = Table(
    "postcodes",
    metadata,
    Column("postcode", String(7), primary_key=True),
    Column("area", String(9), nullable=False),
    Column("police", String(9)),
    Column("edition", String(20), nullable=False),
)

# By the National Statistics UPRN Lookup.
properties = Table(
    "properties",
    metadata,
    Column("uprn", String(12), primary_key=True),
    Column("area", String(9), nullable=False),
    Column("police", String(9)),
    Column("edition", String(20), nullable=False),
)
