"""What an attacker reaches from where, in which steps, on what evidence; and the cheapest way to stop it."""
