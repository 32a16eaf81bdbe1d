"""Keeps log lines as received: compressed, hashed, on disk before receipt is acknowledged; and finds them again."""
