"""One module per group of commands: load, call, store, return. The only place that joins the packages below."""
