#!/usr/bin/env python3
"""Compares what `implicit-bias check` reads with NumPy, pandas and scikit-learn, over random files.

    compare.py PROGRAM [--files 1000] [--seed 0] [--keep FOLDER]

Every file is written by one of these libraries (IDX by hand) in a random layout, read back by the
library, and read by the program; number of samples, dimension, norms, the largest inner product,
rank and the count of each label must agree. Needs numpy, pandas, scikit-learn.
"""

import argparse
import csv
import gzip
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def samples(rng):
    n, d = int(rng.integers(4, 30)), int(rng.integers(1, 7))
    kind = rng.integers(5)
    x = rng.standard_normal((n, d)) * 10.0 ** rng.integers(-3, 4)
    if kind == 0:
        x = np.round(x, int(rng.integers(0, 4)))
    elif kind == 1:
        x = rng.integers(-50, 1000, (n, d)).astype(float)
    elif kind == 2:
        x[rng.random((n, d)) < 0.5] = 0
    return x


NAMES = [["-1", "1"], ["0", "1"], ["-1.0", "1.0"], ["2", "4"], ["True", "False"], ["cat", "dog", "elk"],
         ["a b", "c;d", "e,f"], ['say "a"', "b\tc"], ["Iris-setosa", "Iris-virginica"], ["é", "ü"]]


def labels(rng, n, plain=False):
    names = NAMES[rng.integers(4 if plain else len(NAMES))]
    index = np.concatenate([np.arange(len(names)), rng.integers(0, len(names), n - len(names))])
    return np.array(names, dtype=object)[rng.permutation(index)]


def number(label):
    try:
        return float(label)
    except ValueError:
        return None


def table(rng, folder):
    x, separator = samples(rng), list(SEPARATORS)[rng.integers(4)]
    y = labels(rng, len(x))
    frame = pd.DataFrame(x, columns=[f"x {j}" for j in range(x.shape[1])])
    at = int(rng.integers(x.shape[1] + 1))
    frame.insert(at, "the label", y)
    header, index = rng.random() < 0.7, rng.random() < 0.3
    if index and rng.random() < 0.3:
        keep = np.arange(len(frame))[int(rng.integers(0, 2)):]
        frame = frame.iloc[keep]
        y = y[keep]
    index = index and header
    decimal = "," if separator != "," and rng.random() < 0.3 else "."
    packing = [None, "gzip", "zip"][rng.integers(3)]
    path = folder / ("t" + [".csv", ".tsv", ".txt", ".dat"][rng.integers(4)] + {None: "", "gzip": ".gz", "zip": ".zip"}[packing])
    text = frame.to_csv(sep=separator, header=header, index=index, decimal=decimal,
                        lineterminator=["\n", "\r\n"][rng.integers(2)],
                        quoting=[csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC][rng.integers(3)])
    if decimal == "," and not certain(text):
        return None
    lines = text.split("\n")
    quoted = any('"' in line for line in lines)
    if rng.random() < 0.2 and not quoted:
        ends = [line + separator if line.strip() else line for line in (l.rstrip("\r") for l in lines)]
        lines = ends
    text = "\n".join(lines)
    if rng.random() < 0.2:
        text = "# made by a script\n#\n" + text
    if rng.random() < 0.2:
        text = text.rstrip("\r\n") + "\n" * int(rng.integers(0, 4))
    if rng.random() < 0.2:
        text = "\ufeff" + text
    data = text.encode()
    if packing == "gzip":
        data = gzip.compress(data)
    if packing == "zip":
        import io
        import zipfile
        memory = io.BytesIO()
        with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.csv", data)
        data = memory.getvalue()
    path.write_bytes(data)
    back = pd.read_csv(path, sep=separator, header=0 if header else None, index_col=0 if index else None,
                       decimal=decimal, comment=None, encoding="utf-8-sig", compression=packing,
                       skiprows=2 if "# made" in text else 0, keep_default_na=False, dtype=str)
    back = back.loc[:, [not (str(c).startswith("Unnamed") or (back[c] == "").all()) for c in back.columns]]
    column = list(back.columns)[at]
    values = back.drop(columns=[column]).map(lambda v: float(v.replace(",", "."))).to_numpy()
    flags = ["--label-column", "the label"] if header else ["--no-header", "--label-column", str(at + 1)]
    return path, flags, values, [v.strip() for v in back[column]]


def certain(text):
    """Whether a decimal comma in the text cannot stand between thousands, in the program's rule."""
    import re
    cells = re.findall(r'(?<![\w.,])[+-]?\d*,\d+(?:e[+-]?\d+)?(?![\w,])', text)
    return any(not re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", cell) for cell in cells)


def savetxt(rng, folder):
    x = samples(rng)
    y = labels(rng, len(x), plain=True)
    first = rng.random() < 0.5
    whole = np.column_stack([y.astype(float), x] if first else [x, y.astype(float)])
    separator = [" ", ",", "\t", "   ", ";"][rng.integers(5)]
    names = [f"x{j}" for j in range(x.shape[1])]
    names = ["y"] + names if first else names + ["y"]
    header = rng.random() < 0.5
    path = folder / ("s" + [".txt", ".csv", ".dat"][rng.integers(3)])
    fmt = ["%.18e", "%.6g", "%12.5f", "%g"][rng.integers(4)]
    np.savetxt(path, whole, delimiter=separator, fmt=fmt, header=separator.join(names) if header else "",
               comments=["# ", "", "#"][rng.integers(3)])
    skip = 1 if header else 0
    back = np.loadtxt(path, delimiter=None if separator.isspace() else separator, skiprows=skip, ndmin=2)
    flags = [] if header else ["--no-header", "--label-column", ["first", "1"][rng.integers(2)] if first else ["last", "-1"][rng.integers(2)]]
    column = 0 if first else back.shape[1] - 1
    return path, flags, np.delete(back, column, 1), list(back[:, column])


def r_table(rng, folder):
    """As R's write.csv and write.table with names of rows."""
    x = samples(rng)
    y = labels(rng, len(x), plain=True)
    names = [f'"x{j}"' for j in range(x.shape[1])] + ['"y"']
    rows = [[f'"{i + 1}"'] + [repr(float(v)) for v in row] + [f'"{label}"'] for i, (row, label) in enumerate(zip(x, y))]
    comma = rng.random() < 0.5
    separator = "," if comma else " "
    head = ['""'] + names if comma else names
    path = folder / "r.csv"
    path.write_text("\n".join(separator.join(row) for row in [head] + rows) + "\n")
    return path, [], x, list(y)


PAIRS = [("X", "y"), ("x", "y"), ("x_train", "y_train"), ("data", "target"), ("arr_0", "arr_1"), ("features", "labels"), ("u", "v")]
TYPES = ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "<i2", ">i4", "<i8", "|u1", "|i1", "|b1"]


def arrays(rng, folder):
    x = np.clip(samples(rng), -100, 100)
    dtype = np.dtype(TYPES[rng.integers(len(TYPES))])
    x = (np.abs(x) if dtype.kind in "ub" else x).astype(dtype)
    y = labels(rng, len(x))
    as_numbers = all(number(label) is not None for label in y) and rng.random() < 0.7
    if as_numbers:
        y = y.astype(float)
        y = y.astype([">f8", "<i4", "<f2", ">i8", "|i1"][rng.integers(5)])
    else:
        y = y.astype(str)
        y = np.char.encode(y, "utf-8") if rng.random() < 0.4 else y.astype([">U20", "<U20"][rng.integers(2)])
    if rng.random() < 0.3:
        y = y[:, None]
    if rng.random() < 0.3:
        x = x.reshape(len(x), 1, -1)
    if rng.random() < 0.4:
        x = np.asfortranarray(x)
    flat = x.reshape(len(x), -1).astype(float)
    text = [v.decode() if isinstance(v, bytes) else str(v) for v in y.ravel()]
    kind = rng.integers(3)
    save = [np.savez, np.savez_compressed][rng.integers(2)]
    a, b = PAIRS[rng.integers(len(PAIRS))]
    flags = ["--samples-array", a, "--labels-array", b] if a == "u" else []
    if kind == 0:
        save(folder / "a.npz", **{a: x, b: y})
        return folder / "a.npz", flags, flat, text
    if kind == 1:
        np.save(folder / "x.npy", x)
        np.save(folder / "y.npy", y)
        path = folder / "x.npy"
        if rng.random() < 0.4:
            path = folder / "x.npy.gz"
            path.write_bytes(gzip.compress((folder / "x.npy").read_bytes()))
        return path, ["--label-file", str(folder / "y.npy")], flat, text
    save(folder / "x.npz", x)
    save(folder / "y.npz", y)
    return folder / "x.npz", ["--label-file", str(folder / "y.npz")], flat, text


def libsvm(rng, folder):
    x = samples(rng)
    y = labels(rng, len(x), plain=True)
    path = folder / ("s" + [".svm", ".txt", ".libsvm", ""][rng.integers(4)])
    query = rng.integers(0, 3, len(x)) if rng.random() < 0.3 else None
    dump_svmlight_file(x, y.astype(float), str(path), zero_based=bool(rng.random() < 0.5),
                       comment="a comment" if rng.random() < 0.3 else None,
                       query_id=None if query is None else np.sort(query))
    if ":" not in path.read_text().replace("qid:", ""):
        return None
    back, label = load_svmlight_file(str(path))[:2]
    return path, [], back.toarray(), list(label)


def idx(rng, folder):
    x = samples(rng)
    y = rng.permutation(np.arange(len(x)) % 3)
    code, kind, dtype = [(0x08, "B", "u1"), (0x0B, "h", ">i2"), (0x0C, "i", ">i4"), (0x0D, "f", ">f4"), (0x0E, "d", ">f8")][rng.integers(5)]
    x = np.abs(x).clip(0, 120).astype(dtype)
    pack = (lambda b: gzip.compress(b)) if rng.random() < 0.5 else (lambda b: b)
    shape = (len(x), 1, x.shape[1])
    head = struct.pack(">4B3I", 0, 0, code, 3, *shape)
    (folder / "t-images-idx3-ubyte").write_bytes(pack(head + x.tobytes()))
    if rng.random() < 0.3:
        eight = np.zeros((len(y), 8), ">i4")
        eight[:, 0] = y
        (folder / "t-labels-idx2-int").write_bytes(pack(struct.pack(">4B2I", 0, 0, 0x0C, 2, len(y), 8) + eight.tobytes()))
    else:
        (folder / "t-labels-idx1-ubyte").write_bytes(pack(struct.pack(">4BI", 0, 0, 8, 1, len(y)) + y.astype("u1").tobytes()))
    return folder / "t-images-idx3-ubyte", [], x.astype(float), [str(v) for v in y]


def close(a, b):
    return a is not None and math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)


def compare(program, case):
    path, flags, x, y = case
    y = [str(v) for v in y]
    numbers = [number(v) for v in y]
    if all(v is not None for v in numbers):
        key = lambda v: float(v)
        y = numbers
    else:
        key = str
    counts = {}
    for label in y:
        counts[label] = counts.get(label, 0) + 1
    norms = np.sqrt((x * x).sum(1))
    if len(counts) < 2 or not np.isfinite(x).all():
        return None
    command = [program, "check", str(path), *flags, "--positive", str(y[0]), "--json"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        return " ".join(command) + "\n" + run.stderr
    found = json.loads(run.stdout)
    products = np.abs(x @ x.T)
    np.fill_diagonal(products, 0)
    expected = {"n": len(x), "d": x.shape[1], "positive": counts[y[0]], "negative": len(x) - counts[y[0]]}
    wrong = [f"{k}: {found[k]} for {v}" for k, v in expected.items() if found[k] != v]
    for k, v in [("r_min", norms.min()), ("r_max", norms.max()), ("p", products.max())]:
        if not close(found[k], v):
            wrong.append(f"{k}: {found[k]} for {v}")
    seen = {key(k): v for k, v in found["labels"].items()}
    if seen != counts:
        wrong.append(f"labels: {seen} for {counts}")
    if found["feature_columns"]["count"] != x.shape[1]:
        wrong.append("feature_columns")
    return " ".join(command) + "\n" + "\n".join(wrong) if wrong else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    makers = [table, table, table, savetxt, r_table, arrays, arrays, libsvm, idx]
    done, failed = {}, 0
    for number_ in range(arguments.files):
        rng = np.random.default_rng([arguments.seed, number_])
        make = makers[rng.integers(len(makers))]
        with tempfile.TemporaryDirectory() as folder:
            if arguments.keep:
                folder = arguments.keep / str(number_)
                folder.mkdir(parents=True)
            case = make(rng, pathlib.Path(folder))
            if case is None:
                continue
            wrong = compare(arguments.program, case)
        done[make.__name__] = done.get(make.__name__, 0) + 1
        if wrong:
            failed += 1
            print(f"file {number_} ({make.__name__}): {wrong}\n")
    print(f"{sum(done.values())} files, {failed} differ:", ", ".join(f"{k} {v}" for k, v in sorted(done.items())))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
