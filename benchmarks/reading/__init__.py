"""How fast event files are read: tbtools, tbparse, TensorBoard's two backends, and a checksum."""
