"""What viguard remembers between two runs."""
