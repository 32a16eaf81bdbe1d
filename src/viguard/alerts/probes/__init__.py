"""Programs that Nagios and MRTG call every minute: standard library only, one file read, no database, no network."""
