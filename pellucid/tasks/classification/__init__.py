"""Classes: which one of K a picture shows."""
