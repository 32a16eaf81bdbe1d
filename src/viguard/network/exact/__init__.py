"""What rule sets let through, exactly: every address and service is looked at, in classes that rules treat alike."""
