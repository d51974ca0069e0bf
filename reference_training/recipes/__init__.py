"""The recipes: what can be trained."""
