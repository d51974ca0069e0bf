"""What is done for a release, in a checkout."""
