#!/bin/sh
# Three databases, three roles: each role owns its own database and can connect to no other.
#
# The official image runs this once, when its data folder is empty. It reads the passwords from the
# environment by name, so that they stand on no command line.
set -eu

for service in intake triage notify; do
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
        --set service="$service" --set role="hub_$service" \
        --set variable="$(echo "$service" | tr '[:lower:]' '[:upper:]')_DATABASE_PASSWORD" <<'SQL'
\getenv password :variable
CREATE ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"role" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
\connect :"service"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SQL
done

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
SQL
