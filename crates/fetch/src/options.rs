use std::time::Duration;

/// Where to fetch from, and how long to wait.
#[derive(Debug, Clone)]
pub struct Options {
    /// URLs of folders to try in place of the data set's own mirrors, with or without a final
    /// slash; none by default.
    pub mirrors: Vec<String>,
    /// How long to wait for a connection, 10 s by default.
    pub connect_timeout: Duration,
    /// How long a server may be silent, 30 s by default.
    pub stall_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mirrors: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
        }
    }
}
