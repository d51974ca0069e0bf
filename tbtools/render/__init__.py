"""Results to text, figures, pages and files."""
