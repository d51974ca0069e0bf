"""Following logs while they are written: what is new, what went wrong, and what is to be done."""
