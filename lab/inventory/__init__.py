"""Turns the readable estate (lab/belnet) into the inventory file that the lab's server reads."""
