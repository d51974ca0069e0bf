"""`tbtools watch` on a terminal: runs, charts and findings on one screen."""
