"""The bare Flask route: takes JSON and inserts one row with SQLAlchemy; no checks, key, seal or outbox."""

from __future__ import annotations

import os
import uuid

from flask import Flask, Response, jsonify, request
from sqlalchemy import Column, LargeBinary, MetaData, Table, Uuid, create_engine, insert

metadata = MetaData()
notes = Table("notes", metadata, Column("id", Uuid, primary_key=True), Column("body", LargeBinary))


def make_app() -> Flask:
    """The app, on the database named in PEER_DATABASE_URL."""
    app = Flask("peer")
    engine = create_engine(os.environ["PEER_DATABASE_URL"])

    @app.post("/v1/referrals")
    def post() -> tuple[Response, int]:
        request.get_json()
        new = uuid.uuid4()
        with engine.begin() as connection:
            connection.execute(insert(notes), {"id": new, "body": request.get_data()})
        return jsonify(id=str(new)), 201

    return app
