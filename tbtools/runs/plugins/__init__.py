"""Decoders of what plugins store: one module a type of data."""
