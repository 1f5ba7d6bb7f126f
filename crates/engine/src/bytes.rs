//! Checkpoints as bytes.

use crate::EngineError;

/// Bytes of a checkpoint, for any state that has them.
pub(crate) fn to_bytes<T: serde::Serialize>(state: &T) -> Vec<u8> {
    postcard::to_stdvec(state).expect("numbers and lists of them always have bytes")
}

/// The state that the bytes are of.
pub(crate) fn from_bytes<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, EngineError> {
    postcard::from_bytes(bytes).map_err(|error| EngineError::Checkpoint(error.to_string()))
}

/// The state that all of the bytes are of; `None` where they are of none, or some are left.
pub(crate) fn all_from_bytes<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (state, left) = postcard::take_from_bytes(bytes).ok()?;
    left.is_empty().then_some(state)
}
