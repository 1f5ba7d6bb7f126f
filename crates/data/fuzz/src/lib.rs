//! What the fuzz targets share: an allocator that measures, a file to read from, and what is read.

mod memory;

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use implicit_bias_data::{Choice, ClassRule, DataFile, LabelEncoding};

pub use memory::peak_of;

/// Memory that reading may take whatever the size of the file: buffers, the window of inflate,
/// messages. The most seen is 188 KiB: 64 for the bytes of a chunk, 64 for its entries, the rest
/// for inflate and buffered readers.
const FIXED: usize = 256 << 10;

/// How many bytes of memory reading arrays may take for each byte of the files and of what is
/// compressed in them. A byte of a coordinate becomes 8 bytes of `f64`, held once as the vector
/// grows (half as much again) and once more where it is transposed or chosen: 16. Beside that a
/// sample, which may be 2 bytes of file, takes about 70 bytes of labels, signs, classes and
/// indices: 35.
pub const ARRAYS: usize = 48;

/// The same for tables, whose worst are many short names (44) and a header of separators (48).
pub const TABLES: usize = 64;

/// The length of what a gzip file holds, as far as it can be read.
pub fn ungzipped(bytes: &[u8]) -> usize {
    length(flate2::bufread::MultiGzDecoder::new(bytes))
}

/// The length of the arrays `names` in a zip archive, as far as they can be read.
pub fn unzipped(bytes: &[u8], names: [&str; 2]) -> usize {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else {
        return 0;
    };
    let mut of = |name: &str| archive.by_name(&format!("{name}.npy")).map_or(0, length);
    names.into_iter().map(&mut of).sum()
}

fn length(mut source: impl Read) -> usize {
    let mut buffer = [0; 1 << 13];
    let mut length = 0;
    while let Ok(count @ 1..) = source.read(&mut buffer) {
        length += count;
    }
    length
}

/// Calls `read` and asserts that it held at most `multiple` × `bytes` of memory, and a constant,
/// at any time. Prints the peak where more of the constant is used than ever before.
pub fn within(multiple: usize, bytes: usize, read: impl FnOnce()) {
    static USED: AtomicUsize = AtomicUsize::new(0);
    let peak = peak_of(read);
    let used = peak.saturating_sub(multiple * bytes);
    if used > USED.fetch_max(used, Relaxed) + 1024 {
        eprintln!("memory: {peak} bytes for {bytes} bytes of file");
    }
    let most = multiple * bytes + FIXED;
    assert!(
        peak <= most,
        "{peak} bytes of memory for {bytes} bytes of file, \
         {multiple} times as many and {FIXED} allowed"
    );
}

/// The path of a file of this process, in memory where the system has a folder for that.
pub fn path(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let shared = Path::new("/dev/shm");
        let parent = if shared.is_dir() {
            shared.to_owned()
        } else {
            std::env::temp_dir()
        };
        let folder = parent.join(format!("implicit-bias-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the files of this process");
        folder
    });
    folder.join(name)
}

/// Writes the file that will be read.
pub fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("a writable file in the folder of this process");
}

/// Reads a data file in every way that there is. Errors are fine; their messages must name the
/// file.
pub fn read_all_ways(file: &DataFile) {
    let name = |error: implicit_bias_data::DataError| {
        let message = error.to_string();
        assert!(
            message.contains("implicit-bias-fuzz-") || message.starts_with("--"),
            "no file in: {message}"
        );
    };
    let labels = match file.labels() {
        Ok(labels) => labels,
        Err(error) => return name(error),
    };
    match file.contents() {
        Ok(contents) => {
            let samples: usize = contents.counts.iter().map(|(_, count)| count).sum();
            assert_eq!(samples, labels.len());
        }
        Err(error) => name(error),
    }
    let classes = labels.classes(2);
    let mut choices = vec![
        Choice::default(),
        Choice {
            rule: ClassRule::Encoded(LabelEncoding::ZeroOne),
            per_class: Some(1),
        },
    ];
    if let Some(positive) = classes.first() {
        let rule = ClassRule::OneAgainstTheRest {
            positive: positive.clone(),
        };
        choices.push(Choice {
            rule,
            per_class: None,
        });
    }
    if let [positive, negative] = &classes[..] {
        let rule = ClassRule::Pair {
            positive: positive.clone(),
            negative: negative.clone(),
        };
        choices.push(Choice {
            rule,
            per_class: Some(1),
        });
    }
    for choice in &choices {
        match file.read(choice, 0) {
            Ok(data) => {
                let (positive, negative) = data.class_counts();
                assert!(positive > 0 && negative > 0 && data.dim() > 0);
                assert!(data.samples() <= labels.len());
                assert!(data.x().iter().all(|entry| entry.is_finite()));
                if choice.per_class == Some(1) {
                    assert_eq!((positive, negative), (1, 1));
                }
            }
            Err(error) => name(error),
        }
    }
    match file.read_classes(None, 0) {
        Ok(data) => {
            assert_eq!(data.samples(), labels.len());
            assert!(data.class().iter().all(|&class| class < data.names().len()));
        }
        Err(error) => name(error),
    }
}

/// Two parts of an input: its first two bytes say how long the first part is.
pub fn split(input: &[u8]) -> (&[u8], &[u8]) {
    let Some((length, rest)) = input.split_first_chunk() else {
        return (input, &[]);
    };
    rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()))
}

/// A zip archive of two arrays whose checksums are right, which mutation alone would hardly find.
pub fn zipped(names: [&str; 2], arrays: [&[u8]; 2], deflate: bool) -> Vec<u8> {
    use zip::CompressionMethod::{Deflated, Stored};

    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(if deflate {
        Deflated
    } else {
        Stored
    });
    for (name, array) in names.into_iter().zip(arrays) {
        archive
            .start_file(format!("{name}.npy"), options)
            .and_then(|()| Ok(archive.write_all(array)?))
            .expect("a write to memory");
    }
    archive.finish().expect("a write to memory").into_inner()
}

/// A gzip file of one member.
pub fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("a write to memory")
}
