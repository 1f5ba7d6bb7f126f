//! Downloads the named data sets of `implicit-bias`: verified, resumable, never half written.
