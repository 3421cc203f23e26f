"""Diagnosing a run: gather what it answers on every part, ask the diagnosis room, write diagnosis.json and its page."""
