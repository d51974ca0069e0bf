"""Reads, merges, diffs and judges TensorBoard event files."""
