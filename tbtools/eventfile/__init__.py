"""Event files: bytes to records, events and columns; and a writer. Knows nothing of runs."""
