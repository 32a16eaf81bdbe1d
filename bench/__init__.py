"""The comparisons that viguard claims, each one command, printing ratios. Not part of the installed product."""
