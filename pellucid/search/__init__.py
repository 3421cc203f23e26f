"""Search: which settings are tried next, from what the earlier ones came to. Nothing here trains or stores."""
