"""The database of a long-running process: SQLite in a file by default, PostgreSQL by URL."""
