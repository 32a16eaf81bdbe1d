"""Raw lines, events and alerts to a SIEM, enriched with zone, guest and owner. Never waited for, losses are counted."""
