"""Where the samples come from, without a network, and how they reach the device."""
