"""Levels, noise, rises, onsets and oscillations of one series: what the detectors measure."""
