"""From the XML of the API to model values: pure functions, one module per kind of thing."""
