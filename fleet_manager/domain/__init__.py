"""Pure values and rules of the fleet; imports the standard library only."""
