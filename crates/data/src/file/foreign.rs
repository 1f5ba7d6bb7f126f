//! Formats that are not read: their names, how they are told, and the Python that converts them.

use std::path::Path;

use crate::DataError;

/// A format that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign {
    /// Its name, after "found".
    pub name: &'static str,
    /// Python that makes a readable file of it: `{in}` is the file, `{npz}`, `{csv}` and `{out}`
    /// are names for the new one.
    convert: &'static str,
    /// The extensions by which it is known where its first bytes say nothing.
    extensions: &'static [&'static str],
}

const fn format(
    name: &'static str,
    convert: &'static str,
    extensions: &'static [&'static str],
) -> Foreign {
    Foreign {
        name,
        convert,
        extensions,
    }
}

/// The line for arrays of which the names are not known.
macro_rules! arrays {
    ($load:literal) => {
        concat!(
            "import numpy as np; ",
            $load,
            "; np.savez({npz}, X=d['X'], y=d['y'])"
        )
    };
}

/// The line for a table that pandas reads.
macro_rules! pandas {
    ($read:literal) => {
        concat!(
            "import pandas as pd; pd.",
            $read,
            "({in}).to_csv({csv}, index=False)"
        )
    };
}

/// The line for a compressed file.
macro_rules! unpack {
    ($module:literal) => {
        concat!(
            "import shutil, ",
            $module,
            "; shutil.copyfileobj(",
            $module,
            ".open({in}), open({out}, 'wb'))"
        )
    };
}

const HDF5: Foreign = format(
    "HDF5",
    "import h5py, numpy as np; d = h5py.File({in}); np.savez({npz}, X=d['X'][()], y=d['y'][()])",
    &["h5", "hdf5", "he5", "nc", "keras"],
);
const MATLAB_73: Foreign = format(
    "a MATLAB file of version 7.3 (HDF5)",
    "import h5py, numpy as np; d = h5py.File({in}); \
     np.savez({npz}, X=d['X'][()].T, y=d['y'][()].ravel())",
    &[],
);
const MATLAB: Foreign = format(
    "a MATLAB file",
    "import numpy as np, scipy.io; d = scipy.io.loadmat({in}); \
     np.savez({npz}, X=d['X'], y=d['y'].ravel())",
    &["mat"],
);
const PARQUET: Foreign = format("Parquet", pandas!("read_parquet"), &["parquet", "parq"]);
const FEATHER: Foreign = format(
    "Arrow or Feather",
    pandas!("read_feather"),
    &["feather", "arrow", "ipc"],
);
const ORC: Foreign = format("ORC", pandas!("read_orc"), &["orc"]);
const AVRO: Foreign = format(
    "Avro",
    "import fastavro, pandas as pd; \
     pd.DataFrame(fastavro.reader(open({in}, 'rb'))).to_csv({csv}, index=False)",
    &["avro"],
);
const PICKLE: Foreign = format(
    "a Python pickle",
    arrays!("d = np.load({in}, allow_pickle=True)"),
    &["pkl", "pickle", "p", "joblib"],
);
const TORCH: Foreign = format(
    "a file of torch.save",
    "import numpy as np, torch; d = torch.load({in}); np.savez({npz}, X=d['X'].numpy(), y=d['y'].numpy())",
    &["pt", "pth", "ckpt"],
);
const SAFETENSORS: Foreign = format(
    "safetensors, which hold initial weights (--init) and no samples",
    "import numpy as np; from safetensors.numpy import load_file; d = load_file({in}); \
     np.savez({npz}, X=d['X'], y=d['y'])",
    &["safetensors"],
);
const EXCEL: Foreign = format(
    "an Excel workbook",
    pandas!("read_excel"),
    &["xlsx", "xls", "xlsm"],
);
const OPEN_DOCUMENT: Foreign = format(
    "an OpenDocument spreadsheet",
    pandas!("read_excel"),
    &["ods"],
);
const ARFF: Foreign = format(
    "ARFF",
    "import pandas as pd; from scipy.io import arff; \
     pd.DataFrame(arff.loadarff({in})[0]).map(lambda v: v.decode() if isinstance(v, bytes) else v)\
     .to_csv({csv}, index=False)",
    &["arff"],
);
const JSON: Foreign = format("JSON", pandas!("read_json"), &["json"]);
const JSON_LINES: Foreign = format(
    "JSON lines",
    "import pandas as pd; pd.read_json({in}, lines=True).to_csv({csv}, index=False)",
    &["jsonl", "ndjson"],
);
const MARKUP: Foreign = format(
    "HTML or XML, perhaps a page that came in place of a download",
    "import pandas as pd; pd.read_html({in})[0].to_csv({csv}, index=False)",
    &["html", "htm", "xml"],
);
const LFS: Foreign = format(
    "a pointer of Git LFS in place of the file (`git lfs pull` brings it)",
    "import subprocess; subprocess.run(['git', 'lfs', 'pull'])",
    &[],
);
const R_DATA: Foreign = format(
    "R data",
    "import pyreadr; next(iter(pyreadr.read_r({in}).values())).to_csv({csv}, index=False)",
    &["rdata", "rda", "rds"],
);
const SPSS: Foreign = format("SPSS", pandas!("read_spss"), &["sav", "zsav"]);
const STATA: Foreign = format("Stata", pandas!("read_stata"), &["dta"]);
const SAS: Foreign = format("SAS", pandas!("read_sas"), &["sas7bdat", "xpt"]);
const TF_RECORD: Foreign = format(
    "TFRecord",
    "import tensorflow as tf; d = list(tf.data.TFRecordDataset({in})); print(\
     tf.train.Example.FromString(d[0].numpy())) # the names of its features, for np.savez",
    &["tfrecord", "tfrecords"],
);
const SQLITE: Foreign = format(
    "an SQLite database",
    "import pandas as pd, sqlite3; \
     pd.read_sql('SELECT * FROM t', sqlite3.connect({in})).to_csv({csv}, index=False)",
    &["sqlite", "sqlite3", "db"],
);
const NETCDF: Foreign = format(
    "NetCDF",
    "import numpy as np, xarray as xr; d = xr.open_dataset({in}); \
     np.savez({npz}, X=d['X'].values, y=d['y'].values)",
    &[],
);
const IMAGE: Foreign = format(
    "an image",
    "import numpy as np; from PIL import Image; files = [{in}]; y = [1]; \
     np.savez({npz}, X=np.stack([np.asarray(Image.open(f)) for f in files]), y=y)",
    &["png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp"],
);
const PDF: Foreign = format(
    "PDF",
    "import pdfplumber, pandas as pd; \
     pd.DataFrame(pdfplumber.open({in}).pages[0].extract_table()).to_csv({csv}, index=False)",
    &["pdf"],
);
const BZIP2: Foreign = format("a file compressed by bzip2", unpack!("bz2"), &["bz2"]);
const XZ: Foreign = format("a file compressed by xz", unpack!("lzma"), &["xz", "lzma"]);
const ZSTD: Foreign = format(
    "a file compressed by Zstandard",
    unpack!("zstandard"),
    &["zst", "zstd"],
);
const LZ4: Foreign = format("a file compressed by LZ4", unpack!("lz4.frame"), &["lz4"]);
const COMPRESS: Foreign = format(
    "a file of Unix compress",
    "import subprocess; subprocess.run(['uncompress', {in}])",
    &["z"],
);
const TAR: Foreign = format(
    "a tar archive",
    "import tarfile; tarfile.open({in}).extractall()",
    &["tar", "tgz", "tbz2", "txz"],
);
const SEVEN_ZIP: Foreign = format(
    "a 7-Zip archive",
    "import py7zr; py7zr.SevenZipFile({in}).extractall()",
    &["7z"],
);
const RAR: Foreign = format(
    "a RAR archive",
    "import rarfile; rarfile.RarFile({in}).extractall()",
    &["rar"],
);
/// A gzipped archive of arrays, which a reader would have to jump about in.
pub(super) const GZIPPED_ZIP: Foreign =
    format("a gzipped zip archive, such as .npz", unpack!("gzip"), &[]);
/// Text of two bytes a character.
pub(super) const UTF_16: Foreign = format(
    "text in UTF-16 (save it as UTF-8)",
    "t = open({in}, encoding='utf-16').read(); open({out}, 'w', encoding='utf-8').write(t)",
    &[],
);
/// The same without a mark at its beginning, low bytes first.
pub(super) const UTF_16_LE: Foreign = format(
    "text in UTF-16 (save it as UTF-8)",
    "t = open({in}, encoding='utf-16-le').read(); open({out}, 'w', encoding='utf-8').write(t)",
    &[],
);
/// The same, high bytes first.
pub(super) const UTF_16_BE: Foreign = format(
    "text in UTF-16 (save it as UTF-8)",
    "t = open({in}, encoding='utf-16-be').read(); open({out}, 'w', encoding='utf-8').write(t)",
    &[],
);
/// Text of four bytes a character.
const UTF_32: Foreign = format(
    "text in UTF-32 (save it as UTF-8)",
    "t = open({in}, encoding='utf-32').read(); open({out}, 'w', encoding='utf-8').write(t)",
    &[],
);
/// A matrix of SciPy, kept as its entries other than 0.
pub(super) const SPARSE: Foreign = format(
    "SciPy's sparse format, which has no labels either",
    "import numpy as np, scipy.sparse; X = scipy.sparse.load_npz({in}); \
     np.savez({npz}, X=X.toarray(), y=y)",
    &[],
);
/// A zip archive of images.
pub(super) const IMAGES: Foreign = format(
    "images",
    "import glob, numpy as np; from PIL import Image; \
     files = sorted(glob.glob({in} + '/**/*.png', recursive=True)); \
     X = np.stack([np.asarray(Image.open(f)) for f in files]); \
     np.savez({npz}, X=X, y=[f.split('/')[-2] for f in files])",
    &[],
);

/// Formats with an extension of their own.
const KNOWN: [Foreign; 35] = [
    HDF5,
    MATLAB,
    PARQUET,
    FEATHER,
    ORC,
    AVRO,
    PICKLE,
    TORCH,
    SAFETENSORS,
    EXCEL,
    OPEN_DOCUMENT,
    ARFF,
    JSON,
    JSON_LINES,
    MARKUP,
    R_DATA,
    SPSS,
    STATA,
    SAS,
    TF_RECORD,
    SQLITE,
    IMAGE,
    PDF,
    BZIP2,
    XZ,
    ZSTD,
    LZ4,
    COMPRESS,
    TAR,
    SEVEN_ZIP,
    RAR,
    NETCDF,
    LFS,
    MATLAB_73,
    UTF_32,
];

/// First bytes that say which format it is.
const MAGIC: [(&[u8], Foreign); 46] = [
    (b"\x89HDF\r\n\x1a\n", HDF5),
    (b"MATLAB 7.3", MATLAB_73),
    (b"MATLAB 5.0", MATLAB),
    (b"PAR1", PARQUET),
    (b"ARROW1", FEATHER),
    (b"FEA1", FEATHER),
    (b"ORC", ORC),
    (b"Obj\x01", AVRO),
    (
        b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19",
        TORCH,
    ),
    (b"\x80\x02", PICKLE),
    (b"\x80\x03", PICKLE),
    (b"\x80\x04", PICKLE),
    (b"\x80\x05", PICKLE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", EXCEL),
    (b"version https://git-lfs", LFS),
    (b"RDX2\n", R_DATA),
    (b"RDX3\n", R_DATA),
    (b"RDA2\n", R_DATA),
    (b"RDA3\n", R_DATA),
    (b"X\n\0\0\0", R_DATA),
    (b"A\n2\n", R_DATA),
    (b"A\n3\n", R_DATA),
    (b"$FL2", SPSS),
    (b"$FL3", SPSS),
    (b"<stata_dta>", STATA),
    (b"\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60", SAS),
    (b"HEADER RECORD*******LIB", SAS),
    (b"SQLite format 3\0", SQLITE),
    (b"CDF\x01", NETCDF),
    (b"CDF\x02", NETCDF),
    (b"CDF\x05", NETCDF),
    (b"\x89PNG\r\n", IMAGE),
    (b"\xff\xd8\xff", IMAGE),
    (b"GIF8", IMAGE),
    (b"II*\0", IMAGE),
    (b"MM\0*", IMAGE),
    (b"%PDF-", PDF),
    (b"BZh", BZIP2),
    (b"\xfd7zXZ\0", XZ),
    (b"]\0\0\x80\0", XZ),
    (b"\x28\xb5\x2f\xfd", ZSTD),
    (b"\x04\x22\x4d\x18", LZ4),
    (b"\x1f\x9d", COMPRESS),
    (b"7z\xbc\xaf\x27\x1c", SEVEN_ZIP),
    (b"Rar!\x1a\x07", RAR),
    (b"\xff\xfe\0\0", UTF_32),
];

/// The format that the first bytes of a file are of, unless they are text.
pub(super) fn by_bytes(start: &[u8]) -> Option<Foreign> {
    if let Some((_, format)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Some(*format);
    }
    if start.get(257..262) == Some(b"ustar") {
        return Some(TAR);
    }
    // The length of the header, then the header, which is JSON.
    if let Some((length, rest)) = start.split_first_chunk::<8>()
        && (2..100 << 20).contains(&u64::from_le_bytes(*length))
        && rest.starts_with(b"{\"")
    {
        return Some(SAFETENSORS);
    }
    match start {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(UTF_16),
        _ => of_two_bytes(start),
    }
}

/// Text in UTF-16 without a mark: every other byte of its beginning is 0.
fn of_two_bytes(start: &[u8]) -> Option<Foreign> {
    let pairs = start.as_chunks::<2>().0;
    let pairs = &pairs[..pairs.len().min(64)];
    if pairs.len() < 4 {
        return None;
    }
    let text = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let all = |at: usize| pairs.iter().all(|pair| text(pair[at]) && pair[1 - at] == 0);
    match (all(0), all(1)) {
        (true, _) => Some(UTF_16_LE),
        (_, true) => Some(UTF_16_BE),
        _ => None,
    }
}

/// The format of a text by its beginning, unless it may be a table.
pub(super) fn by_text(start: &str) -> Option<Foreign> {
    let lines = || start.lines().map(str::trim);
    let mut told = lines().filter(|line| !line.is_empty() && !line.starts_with('%'));
    let first = told.next()?.to_ascii_lowercase();
    if first.starts_with("@relation") || first.starts_with("@attribute") {
        return Some(ARFF);
    }
    if first.starts_with('<') {
        return Some(MARKUP);
    }
    let json = |line: &str| {
        let mut characters = line.chars().filter(|character| !character.is_whitespace());
        match (characters.next(), characters.next()) {
            (Some('{'), next) => matches!(next, None | Some('"' | '}')),
            (Some('['), next) => {
                matches!(next, None | Some('{' | '[' | '"' | '-' | ']' | '0'..='9'))
            }
            _ => false,
        }
    };
    if !json(&first) {
        return None;
    }
    let second = told.next();
    let lines = first.ends_with('}') && second.is_some_and(|line| line.starts_with('{'));
    Some(if lines { JSON_LINES } else { JSON })
}

/// The format that the extension of a file names, for contents that nothing else tells.
pub(super) fn by_extension(extension: &str) -> Option<Foreign> {
    let has = |format: &&Foreign| format.extensions.contains(&extension);
    KNOWN.iter().find(has).copied()
}

/// The format of a zip archive by the names of its entries.
pub(super) fn by_entries(names: &[String]) -> Option<Foreign> {
    let any = |test: &dyn Fn(&str) -> bool| names.iter().any(|name| test(name));
    if any(&|name| name == "[Content_Types].xml" || name.starts_with("xl/")) {
        return Some(EXCEL);
    }
    if any(&|name| name == "mimetype") && any(&|name| name == "content.xml") {
        return Some(OPEN_DOCUMENT);
    }
    if any(&|name| name == "data.pkl" || name.ends_with("/data.pkl")) {
        return Some(TORCH);
    }
    let extension = |name: &str| {
        let (_, extension) = name.rsplit_once('.')?;
        by_extension(&extension.to_ascii_lowercase())
    };
    let is_image = |name: &str| extension(name) == Some(IMAGE);
    let mut files = names.iter().filter(|name| !name.ends_with('/')).peekable();
    if files.peek().is_some() && files.all(|name| is_image(name)) {
        return Some(IMAGES);
    }
    None
}

/// Whether a name is that of an image.
pub(super) fn is_image(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let known = extension.and_then(|extension| by_extension(&extension.to_ascii_lowercase()));
    known == Some(IMAGE)
}

impl Foreign {
    /// The error of a file in this format; `around` says what is around it, as in "in gzip".
    pub fn refuse(&self, path: &Path, around: &str) -> DataError {
        let stem = path.with_extension("");
        let with = |extension: &str| {
            let new = format!("{}.{extension}", stem.display());
            match Path::new(&new) == path {
                true => python_text(&format!("{}-new.{extension}", stem.display())),
                false => python_text(&new),
            }
        };
        let out = match stem.extension() {
            // Of `a.csv.xz` what is left after the last part has a name already.
            Some(_) => python_text(&stem.display().to_string()),
            None => with("out"),
        };
        let out = if self.name.starts_with("text") {
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            with(&format!("utf8.{extension}"))
        } else {
            out
        };
        let names = [
            ("{npz}", with("npz")),
            ("{csv}", with("csv")),
            ("{out}", out),
            ("{in}", python_text(&path.display().to_string())),
        ];
        let convert = filled(self.convert, &names);
        DataError::Foreign {
            path: path.to_owned(),
            format: format!("{}{around}", self.name),
            convert,
        }
    }
}

/// A text with what stands for names in it, in one pass: a name may hold anything.
fn filled(text: &str, names: &[(&str, String)]) -> String {
    let mut parts = text.split_inclusive('}');
    let fill = |part: &str| {
        let slot = names.iter().find(|(slot, _)| part.ends_with(slot));
        slot.map_or_else(
            || part.to_owned(),
            |(slot, name)| format!("{}{name}", &part[..part.len() - slot.len()]),
        )
    };
    parts.by_ref().map(fill).collect()
}

/// A text as Python writes it.
fn python_text(text: &str) -> String {
    let escaped: String = text.chars().flat_map(char::escape_debug).collect();
    format!("'{}'", escaped.replace("\\\"", "\""))
}

#[cfg(test)]
mod tests;
