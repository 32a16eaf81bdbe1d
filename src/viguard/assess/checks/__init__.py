"""Controls that cross objects, as functions `(subject, context) -> Verdict`; a control names one by `python:`."""
