use implicit_bias_data::{cifar10, mnist};

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

/// A gzipped file of a [`DataSet`], known by what it unpacks to, or by itself.
///
/// Mirrors may compress differently, so the hash is that of the contents where it is published.
#[derive(Debug, Clone, Copy)]
pub struct RemoteFile<'a> {
    /// Its name on the mirrors and in the folder, which ends in `.gz`.
    pub name: &'a str,
    /// The SHA-256 as 64 hexadecimal digits.
    pub sha256: &'a str,
    /// The number of bytes.
    pub size: u64,
    /// What hash and size are of.
    pub hashed: Hashed,
}

/// What the published hash and size of a file are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hashed {
    /// What it unpacks to.
    Contents,
    /// The gzipped file itself.
    File,
}

impl RemoteFile<'_> {
    /// The most bytes that the packed file may have.
    ///
    /// Deflate stores what it cannot compress, at a cost below one part in a thousand and a header.
    pub(crate) fn packed_limit(&self) -> u64 {
        match self.hashed {
            Hashed::Contents => self.size + self.size / 64 + (1 << 16),
            Hashed::File => self.size,
        }
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
    files: &[published(0), published(1), published(2), published(3)],
};

/// One of the published files of MNIST.
const fn published(number: usize) -> RemoteFile<'static> {
    let mnist::PublishedFile { name, sha256, size } = mnist::PUBLISHED[number];
    RemoteFile {
        name,
        sha256,
        size,
        hashed: Hashed::Contents,
    }
}

/// The 60 000 images of ten classes of Krizhevsky, in the binary version: one archive.
pub static CIFAR10: DataSet<'static> = DataSet {
    name: cifar10::NAME,
    mirrors: &["https://www.cs.toronto.edu/~kriz/"],
    files: &[RemoteFile {
        name: cifar10::ARCHIVE,
        sha256: cifar10::SHA256,
        size: cifar10::SIZE,
        hashed: Hashed::File,
    }],
};
