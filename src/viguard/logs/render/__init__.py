"""The report's own design for sites that keep their syslog daemon: its filters, made from our classes of events."""
