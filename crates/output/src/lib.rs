//! How everything here is written: files whole or not at all, hashes, JSON, numbers for a reader; and
//! how much memory there is.
//!
//! | file | what |
//! |---|---|
//! | `file` | files that are replaced atomically |
//! | `text` | SHA-256 in hexadecimal, JSON with a final newline |
//! | `shell` | words that a shell hands on as they are |
//! | `number` | numbers with four significant digits, steps of any size, exact numbers of tables |
//! | `memory` | how much memory there is, in words |

mod file;
mod memory;
mod number;
mod shell;
mod text;

pub use file::{
    is_temporary, put_in_place, remove_temporaries, replace, replace_keeping, replace_unsynced,
    replace_with,
};
pub use memory::{Bytes, free_memory, free_words};
pub use number::{for_readers, format_exact, format_number, format_step, power_of_ten};
pub use shell::shell_word;
pub use text::{Hasher, sha256, sha256_bytes, to_json};
