"""Rule sets of firewalls: what they let through, exactly; how they differ; as the devices write them."""
