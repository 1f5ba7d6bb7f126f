use std::fmt;

/// The two bytes with which every gzip file begins.
pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What a file is that is not the published one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// No gzip file.
    NotGzip {
        /// Its first bytes, escaped.
        begins: String,
    },
    /// Damaged gzip data, or something after the end of it.
    Damaged {
        /// The unpacked bytes before the damage was seen.
        after: u64,
    },
    /// Gzip data that breaks off.
    EndsEarly {
        /// The unpacked bytes before that.
        after: u64,
    },
    /// More unpacked bytes than the published file has; they are not counted.
    TooLong,
    /// Other contents.
    Contents {
        /// Their SHA-256, as 64 hexadecimal digits.
        sha256: String,
        /// Their size.
        size: u64,
    },
}

impl Found {
    /// What the first bytes of a file say about it, if they are those of no gzip file.
    pub(crate) fn not_gzip(start: &[u8]) -> Option<Self> {
        let known = start.len().min(GZIP_MAGIC.len());
        (start[..known] != GZIP_MAGIC[..known]).then(|| Self::NotGzip {
            begins: start[..start.len().min(24)].escape_ascii().to_string(),
        })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGzip { begins } => write!(f, "no gzip file (it begins with `{begins}`)"),
            Self::Damaged { after } => write!(f, "damaged gzip data after {after} bytes unpacked"),
            Self::EndsEarly { after } => {
                write!(f, "gzip data that breaks off after {after} bytes unpacked")
            }
            Self::TooLong => f.write_str("more bytes than that"),
            Self::Contents { sha256, size } => write!(f, "SHA-256 {sha256} over {size} bytes"),
        }
    }
}
