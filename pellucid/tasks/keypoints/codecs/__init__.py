"""How points are written as what a network gives, and read again: numbers, maps, rows and columns."""
