"""What coding agents are answered over the Model Context Protocol."""
