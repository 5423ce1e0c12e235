"""Wrong solutions made from the right ones by rules, to test the marker with."""
