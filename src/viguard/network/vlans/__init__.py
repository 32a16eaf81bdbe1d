"""Who is in which VLAN, what hosts need of their switch ports, and what the ports carry."""
