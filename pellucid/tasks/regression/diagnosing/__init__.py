"""Diagnosing a regression: what the parts' errors and their gaps say, what is systematic, and the page of it."""
