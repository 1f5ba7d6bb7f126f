//! Hashes and JSON.

use sha2::{Digest, Sha256};

/// The SHA-256 of some bytes, as 64 hexadecimal digits.
///
/// ```
/// let empty = implicit_bias_output::sha256("");
/// assert!(empty.starts_with("e3b0c44298fc1c14") && empty.len() == 64);
/// ```
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Indented JSON with a final newline.
///
/// # Panics
///
/// If `value` has no JSON form, as a map whose keys are no strings: an internal error of the
/// caller.
pub fn to_json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("plain data have a JSON form");
    bytes.push(b'\n');
    bytes
}
