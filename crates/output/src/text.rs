//! Hashes and JSON.

use sha2::{Digest, Sha256};

/// The SHA-256 of bytes that come in pieces.
///
/// ```
/// use implicit_bias_output::{Hasher, sha256};
/// let mut hasher = Hasher::default();
/// hasher.update(b"in ");
/// hasher.update(b"pieces");
/// assert_eq!(hasher.finish(), sha256("in pieces"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all of them, as 64 hexadecimal digits.
    pub fn finish(self) -> String {
        let hash = self.0.finalize();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The SHA-256 of some bytes, as 32 bytes.
pub fn sha256_bytes(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The SHA-256 of some bytes, as 64 hexadecimal digits.
///
/// ```
/// let empty = implicit_bias_output::sha256("");
/// assert!(empty.starts_with("e3b0c44298fc1c14") && empty.len() == 64);
/// ```
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    let mut hasher = Hasher::default();
    hasher.update(bytes.as_ref());
    hasher.finish()
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
