"""What reaches what in an estate: every device on the way has to let it through."""
