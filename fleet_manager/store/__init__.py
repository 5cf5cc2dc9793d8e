"""The store: everything a person or a robot was told is here before it is told."""
