//! What the fuzz targets need besides the public interface; compiled for them alone.

use super::checkpoint::{self, SavedRun};

/// The content of a checkpoint file with this state, undamaged.
pub fn with_header(state: &[u8]) -> Vec<u8> {
    checkpoint::with_header(state)
}

/// Reads the content of a checkpoint file: its engine's bytes, or what is wrong.
pub fn read_checkpoint(bytes: &[u8]) -> Result<Vec<u8>, String> {
    SavedRun::from_bytes(bytes).map(|state| state.engine)
}

/// The state of a checkpoint with these engine's bytes and otherwise empty tables.
pub fn state(engine: Vec<u8>) -> Vec<u8> {
    let table = || implicit_bias_record::Series::new(["step"]);
    let state = SavedRun {
        start: String::new(),
        engine,
        series: table(),
        margins: table(),
        snapshots: Vec::new(),
    };
    postcard::to_stdvec(&state).expect("plain data have bytes")
}
