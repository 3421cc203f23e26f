"""Diagnosing a classification: ask the diagnosis room of its answers, write diagnosis.json and its page."""
