"""Cases of the controls that cross objects, by hand."""
