"""Figures for publications: sizes in inches, fonts embedded, as PDF, SVG, PNG and pgfplots."""
