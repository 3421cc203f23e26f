"""Numbers: one or several measured values a picture."""
