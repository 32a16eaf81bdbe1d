"""viguard makes a VMware virtual infrastructure as secure as intended, proves it, and keeps it so."""

__version__ = "0.1.0"
