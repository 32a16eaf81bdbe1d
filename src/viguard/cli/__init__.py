"""The command line. It calls use cases and nothing else."""
