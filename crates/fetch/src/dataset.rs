use implicit_bias_data::mnist;

/// A named set of files, and the mirrors that serve them.
#[derive(Debug, Clone, Copy)]
pub struct DataSet<'a> {
    /// The name by which commands ask for it.
    pub name: &'a str,
    /// The URLs of the folders that hold all files, in the order in which they are tried.
    pub mirrors: &'a [&'a str],
    /// The files.
    pub files: &'a [RemoteFile<'a>],
}

/// A gzipped file of a [`DataSet`], known by what it unpacks to.
///
/// Mirrors may compress differently, so the hash is that of the contents.
#[derive(Debug, Clone, Copy)]
pub struct RemoteFile<'a> {
    /// Its name on the mirrors and in the folder, which ends in `.gz`.
    pub name: &'a str,
    /// The SHA-256 of the unpacked contents, as 64 hexadecimal digits.
    pub sha256: &'a str,
    /// The number of unpacked bytes.
    pub size: u64,
}

impl RemoteFile<'_> {
    /// The most bytes that the packed file may have.
    ///
    /// Deflate stores what it cannot compress, at a cost below one part in a thousand and a header.
    pub(crate) fn packed_limit(&self) -> u64 {
        self.size + self.size / 64 + (1 << 16)
    }
}

/// The handwritten digits of LeCun, Cortes and Burges: 60 000 images for training, 10 000 for
/// tests.
pub static MNIST: DataSet<'static> = DataSet {
    name: mnist::NAME,
    mirrors: &[
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ],
    files: &[
        RemoteFile {
            name: mnist::FILES[0],
            sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            size: 47_040_016,
        },
        RemoteFile {
            name: mnist::FILES[1],
            sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            size: 60_008,
        },
        RemoteFile {
            name: mnist::FILES[2],
            sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            size: 7_840_016,
        },
        RemoteFile {
            name: mnist::FILES[3],
            sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            size: 10_008,
        },
    ],
};
