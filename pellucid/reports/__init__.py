"""Reports: how things look. Drawing, curves, tables, wording and the frame of every HTML page, from plain values."""
