"""The loop, the programs it runs, the events it calls, and what they remember."""
