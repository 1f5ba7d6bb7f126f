//! The formats that are not read, with the Python that converts them.

/// A format that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Its name, after "found".
    pub name: &'static str,
    /// Python that makes a readable file of it: `{in}` is the file, `{npz}`, `{csv}` and `{out}`
    /// are names for the new one.
    pub convert: &'static str,
    /// The extensions by which it is known where its first bytes say nothing.
    pub extensions: &'static [&'static str],
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

pub const HDF5: Foreign = format(
    "HDF5",
    "import h5py, numpy as np; d = h5py.File({in}); np.savez({npz}, X=d['X'][()], y=d['y'][()])",
    &["h5", "hdf5", "he5", "nc", "keras"],
);
pub const MATLAB_73: Foreign = format(
    "a MATLAB file of version 7.3 (HDF5)",
    "import h5py, numpy as np; d = h5py.File({in}); \
     np.savez({npz}, X=d['X'][()].T, y=d['y'][()].ravel())",
    &[],
);
pub const MATLAB: Foreign = format(
    "a MATLAB file",
    "import numpy as np, scipy.io; d = scipy.io.loadmat({in}); \
     np.savez({npz}, X=d['X'], y=d['y'].ravel())",
    &["mat"],
);
pub const PARQUET: Foreign = format("Parquet", pandas!("read_parquet"), &["parquet", "parq"]);
pub const FEATHER: Foreign = format(
    "Arrow or Feather",
    pandas!("read_feather"),
    &["feather", "arrow", "ipc"],
);
pub const ORC: Foreign = format("ORC", pandas!("read_orc"), &["orc"]);
pub const AVRO: Foreign = format(
    "Avro",
    "import fastavro, pandas as pd; \
     pd.DataFrame(fastavro.reader(open({in}, 'rb'))).to_csv({csv}, index=False)",
    &["avro"],
);
pub const PICKLE: Foreign = format(
    "a Python pickle",
    arrays!("d = np.load({in}, allow_pickle=True)"),
    &["pkl", "pickle", "p", "joblib"],
);
pub const TORCH: Foreign = format(
    "a file of torch.save",
    "import numpy as np, torch; d = torch.load({in}); \
     np.savez({npz}, X=d['X'].numpy(), y=d['y'].numpy())",
    &["pt", "pth", "ckpt"],
);
pub const SAFETENSORS: Foreign = format(
    "safetensors, which hold initial weights (--init) and no samples",
    "import numpy as np; from safetensors.numpy import load_file; d = load_file({in}); \
     np.savez({npz}, X=d['X'], y=d['y'])",
    &["safetensors"],
);
pub const EXCEL: Foreign = format(
    "an Excel workbook",
    pandas!("read_excel"),
    &["xlsx", "xls", "xlsm"],
);
pub const OPEN_DOCUMENT: Foreign = format(
    "an OpenDocument spreadsheet",
    pandas!("read_excel"),
    &["ods"],
);
pub const ARFF: Foreign = format(
    "ARFF",
    "import pandas as pd; from scipy.io import arff; \
     pd.DataFrame(arff.loadarff({in})[0]).map(lambda v: v.decode() if isinstance(v, bytes) else v)\
     .to_csv({csv}, index=False)",
    &["arff"],
);
pub const JSON: Foreign = format("JSON", pandas!("read_json"), &["json"]);
pub const JSON_LINES: Foreign = format(
    "JSON lines",
    "import pandas as pd; pd.read_json({in}, lines=True).to_csv({csv}, index=False)",
    &["jsonl", "ndjson"],
);
pub const MARKUP: Foreign = format(
    "HTML or XML, perhaps a page that came in place of a download",
    "import pandas as pd; pd.read_html({in})[0].to_csv({csv}, index=False)",
    &["html", "htm", "xml"],
);
pub const LFS: Foreign = format(
    "a pointer of Git LFS in place of the file (`git lfs pull` brings it)",
    "import subprocess; subprocess.run(['git', 'lfs', 'pull'])",
    &[],
);
pub const R_DATA: Foreign = format(
    "R data",
    "import pyreadr; next(iter(pyreadr.read_r({in}).values())).to_csv({csv}, index=False)",
    &["rdata", "rda", "rds"],
);
pub const SPSS: Foreign = format("SPSS", pandas!("read_spss"), &["sav", "zsav"]);
pub const STATA: Foreign = format("Stata", pandas!("read_stata"), &["dta"]);
pub const SAS: Foreign = format("SAS", pandas!("read_sas"), &["sas7bdat", "xpt"]);
pub const TF_RECORD: Foreign = format(
    "TFRecord",
    "import tensorflow as tf; d = list(tf.data.TFRecordDataset({in})); print(\
     tf.train.Example.FromString(d[0].numpy())) # the names of its features, for np.savez",
    &["tfrecord", "tfrecords"],
);
pub const SQLITE: Foreign = format(
    "an SQLite database",
    "import pandas as pd, sqlite3; \
     pd.read_sql('SELECT * FROM t', sqlite3.connect({in})).to_csv({csv}, index=False)",
    &["sqlite", "sqlite3", "db"],
);
pub const NETCDF: Foreign = format(
    "NetCDF",
    "import numpy as np, xarray as xr; d = xr.open_dataset({in}); \
     np.savez({npz}, X=d['X'].values, y=d['y'].values)",
    &[],
);
pub const IMAGE: Foreign = format(
    "an image",
    "import numpy as np; from PIL import Image; files = [{in}]; y = [1]; \
     np.savez({npz}, X=np.stack([np.asarray(Image.open(f)) for f in files]), y=y)",
    &["png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp"],
);
pub const PDF: Foreign = format(
    "PDF",
    "import pdfplumber, pandas as pd; \
     pd.DataFrame(pdfplumber.open({in}).pages[0].extract_table()).to_csv({csv}, index=False)",
    &["pdf"],
);
pub const BZIP2: Foreign = format("a file compressed by bzip2", unpack!("bz2"), &["bz2"]);
pub const XZ: Foreign = format("a file compressed by xz", unpack!("lzma"), &["xz", "lzma"]);
pub const ZSTD: Foreign = format(
    "a file compressed by Zstandard",
    unpack!("zstandard"),
    &["zst", "zstd"],
);
pub const LZ4: Foreign = format("a file compressed by LZ4", unpack!("lz4.frame"), &["lz4"]);
pub const COMPRESS: Foreign = format(
    "a file of Unix compress",
    "import subprocess; subprocess.run(['uncompress', {in}])",
    &["z"],
);
pub const TAR: Foreign = format(
    "a tar archive",
    "import tarfile; tarfile.open({in}).extractall()",
    &["tar", "tgz", "tbz2", "txz"],
);
pub const SEVEN_ZIP: Foreign = format(
    "a 7-Zip archive",
    "import py7zr; py7zr.SevenZipFile({in}).extractall()",
    &["7z"],
);
pub const RAR: Foreign = format(
    "a RAR archive",
    "import rarfile; rarfile.RarFile({in}).extractall()",
    &["rar"],
);
/// A gzipped archive of arrays, which a reader would have to jump about in.
pub const GZIPPED_ZIP: Foreign =
    format("a gzipped zip archive, such as .npz", unpack!("gzip"), &[]);
/// What a script compressed that was compressed already.
pub const GZIPPED_TWICE: Foreign = format("a file gzipped twice", unpack!("gzip"), &[]);
/// Text of two bytes a character.
pub const UTF_16: Foreign = format(
    "text in UTF-16 (save it as UTF-8)",
    "t = open({in}, encoding='utf-16').read(); open({out}, 'w', encoding='utf-8').write(t)",
    &[],
);
/// The same without a mark at its beginning, low bytes first.
pub const UTF_16_LE: Foreign = format(
    "text in UTF-16 (save it as UTF-8)",
    "t = open({in}, encoding='utf-16-le').read(); open({out}, 'w', encoding='utf-8').write(t)",
    &[],
);
/// The same, high bytes first.
pub const UTF_16_BE: Foreign = format(
    "text in UTF-16 (save it as UTF-8)",
    "t = open({in}, encoding='utf-16-be').read(); open({out}, 'w', encoding='utf-8').write(t)",
    &[],
);
/// Text of four bytes a character.
pub const UTF_32: Foreign = format(
    "text in UTF-32 (save it as UTF-8)",
    "t = open({in}, encoding='utf-32').read(); open({out}, 'w', encoding='utf-8').write(t)",
    &[],
);
/// A matrix of SciPy, kept as its entries other than 0.
pub const SPARSE: Foreign = format(
    "SciPy's sparse format, which has no labels either",
    "import numpy as np, scipy.sparse; X = scipy.sparse.load_npz({in}); \
     np.savez({npz}, X=X.toarray(), y=y)",
    &[],
);
/// A zip archive of images.
pub const IMAGES: Foreign = format(
    "images",
    "import glob, numpy as np; from PIL import Image; \
     files = sorted(glob.glob({in} + '/**/*.png', recursive=True)); \
     X = np.stack([np.asarray(Image.open(f)) for f in files]); \
     np.savez({npz}, X=X, y=[f.split('/')[-2] for f in files])",
    &[],
);

/// Formats with an extension of their own.
pub const KNOWN: [Foreign; 35] = [
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
pub const MAGIC: [(&[u8], Foreign); 46] = [
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
