"""How well runs that went wrong are found, by tbtools and by others."""
