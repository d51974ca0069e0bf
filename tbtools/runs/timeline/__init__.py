"""The timeline of a run: its rows, writer sessions, restarts, order and notes."""
