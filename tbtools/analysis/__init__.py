"""What can be said of runs: plain results, with no terminal and no HTML."""
