"""What `viguard logs` does: a module for each thing, because the quick ones must not wait for the others' imports."""
