"""Columns to runs: restarts, frames, decoded payloads."""
