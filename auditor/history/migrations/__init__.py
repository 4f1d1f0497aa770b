"""The schema's way from version to version, for Alembic."""
