//! Features of third-party crates that the members of the workspace agree on; see `Cargo.toml`.
