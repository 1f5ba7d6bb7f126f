use ndarray::{ArrayD, array};

use super::*;

fn parse(text: &str) -> Result<Header, Mismatch> {
    Parser { rest: text }.header(0)
}

fn refusal(text: &str) -> String {
    let Mismatch { expected, found } = parse(text).unwrap_err();
    format!("expected {expected}, found {found}")
}

#[test]
fn headers_as_various_writers_lay_them_out() {
    let expected = Header {
        scalar: Scalar::F32,
        big_endian: true,
        fortran_order: true,
        shape: vec![3, 4],
        len: 0,
    };
    for text in [
        "{'descr': '>f4', 'fortran_order': True, 'shape': (3, 4), }      \n",
        "{'shape':(3,4),'fortran_order':True,'descr':'>f4'}",
        "{\"descr\": \">f4\", \"fortran_order\": True, \"shape\": ( 3 , 4 , ) } ",
    ] {
        assert_eq!(parse(text).unwrap(), expected, "{text}");
    }
    let scalar = parse("{'descr': '|b1', 'fortran_order': False, 'shape': ()}").unwrap();
    assert_eq!((scalar.shape.len(), scalar.item_size()), (0, 1));
}

#[test]
fn long_integers_of_python_2_are_sizes() {
    let header = parse("{'descr': '<f8', 'fortran_order': False, 'shape': (8L, 12L), }");
    assert_eq!(header.unwrap().shape, [8, 12]);
    assert!(refusal("{'shape': (L,)}").starts_with("expected a size"));
    assert!(refusal("{'shape': (8LL,)}").starts_with("expected `)`"));
}

#[test]
fn text_ends_at_its_padding() {
    let text = |descr: &str, bytes: &[u8]| {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,)}}");
        let header = parse(&text).unwrap();
        assert!(header.is_text() && header.item_size() == bytes.len());
        header.text(bytes)
    };
    assert_eq!(text("|S4", b"ab\0\0").as_deref(), Some("ab"));
    assert_eq!(text("|S4", b"a\0b\0").as_deref(), Some("a\0b"));
    assert_eq!(text("|S2", b"\xff\xfe"), None);
    assert_eq!(text("|S0", b"").as_deref(), Some(""));
    assert_eq!(text("<U2", b"\xe9\0\0\0\0\0\0\0").as_deref(), Some("é"));
    assert_eq!(text(">U2", b"\0\x01\xf6\0\0\0\0b").as_deref(), Some("😀b"));
    assert_eq!(text("<U1", b"\0\xd8\0\0"), None, "half of a pair");
}

#[test]
fn every_half_is_the_double_of_its_value() {
    // A second reading of the format: sign, five bits of exponent, ten of fraction.
    let header = parse("{'descr': '<f2', 'fortran_order': False, 'shape': (1,)}").unwrap();
    let big = parse("{'descr': '>f2', 'fortran_order': False, 'shape': (1,)}").unwrap();
    for bits in 0..=u16::MAX {
        let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
        let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
        let value = sign
            * match exponent {
                0 => fraction * 2_f64.powi(-24),
                31 if fraction == 0.0 => f64::INFINITY,
                31 => f64::NAN,
                _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
            };
        let mut values = Vec::new();
        header.decode(&bits.to_le_bytes(), &mut values);
        big.decode(&bits.to_be_bytes(), &mut values);
        for read in values {
            let same = read.to_bits() == value.to_bits() || read.is_nan() && value.is_nan();
            assert!(same, "{bits:#06x}: {read} {value}");
        }
    }
}

#[test]
fn broken_headers_name_what_is_missing() {
    assert_eq!(
        refusal("[]"),
        "expected `{` in the .npy header, found \"[]\""
    );
    assert_eq!(
        refusal("{'descr': '<f8', 'shape': (1,)}"),
        "expected the keys descr, fortran_order and shape in the .npy header, found fewer"
    );
    assert_eq!(
        refusal("{'fortran_order': 1}"),
        "expected True or False in the .npy header, found \"1}\""
    );
    assert_eq!(
        refusal("{'shape': (-1,)}"),
        "expected a size in the .npy header, found \"(-1,)}\"".replace('(', "")
    );
    assert_eq!(
        refusal("{'shape': (99999999999999999999,)}"),
        "expected a size in the .npy header, found \"99999999999999999999\""
    );
    assert_eq!(
        refusal("{'extra': 1}"),
        "expected the keys of an .npy header, found \"extra\""
    );
    assert_eq!(
        refusal("{'descr"),
        "expected ' in the .npy header, found \"descr\""
    );
}

#[test]
fn other_types_are_refused_by_name() {
    let types = "expected type bool, integer, float16, float32, float64 or string, found ";
    for (descr, found) in [
        (
            "'<c16'",
            "\"<c16\", complex numbers; save X.real and X.imag as coordinates",
        ),
        ("'<f16'", "\"<f16\"; save X.astype('float64')"),
        (
            "'|V2'",
            "\"|V2\", raw bytes, as bfloat16 is saved; save X.astype('float32')",
        ),
        ("'<M8[ns]'", "\"<M8[ns]\", times; save X.astype('int64')"),
        ("'=f8'", "\"=f8\"; save X.astype('float64')"),
        ("'=i8'", "\"=i8\""),
        (
            "'<U4097'",
            "\"<U4097\"; strings may have 4096 characters at most",
        ),
        ("''", "\"\""),
        ("'é'", "\"é\""),
        (
            "'|O'",
            "Python objects, which only Python reads; save X.astype(float) and \
             y.astype(str) or y.astype(int)",
        ),
        (
            "[('a', '<f8')]",
            "a structured type; save its fields as arrays of their own",
        ),
    ] {
        let text = format!("{{'descr': {descr}, ");
        assert_eq!(refusal(&text), format!("{types}{found}"));
    }
}

#[test]
fn a_prelude_that_lies_is_refused_before_it_is_believed() {
    let read = |bytes: &[u8]| {
        let Mismatch { expected, found } = Header::read(bytes).unwrap_err();
        format!("expected {expected}, found {found}")
    };
    assert_eq!(
        read(b"PK\x03\x04 not it"),
        "expected the .npy format, found other bytes"
    );
    assert_eq!(
        read(b"\x93NUMPY\x04\x00...."),
        "expected version 1, 2 or 3 of the .npy format, found version 4"
    );
    assert_eq!(
        read(b"\x93NUMPY\x02\x00\xff\xff\xff\xff"),
        "expected an .npy header of at most 10000 bytes, found 4294967295 bytes"
    );
    assert!(read(b"\x93NUM").starts_with("expected a readable .npy header"));
}

#[test]
fn what_is_written_is_aligned_and_reads_back() {
    for array in [
        array![[1.0, -2.5], [f64::MIN_POSITIVE, 1e300]].into_dyn(),
        array![1.0, 2.0, 3.0].into_dyn(),
        ArrayD::from_elem(vec![], 7.0),
        array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
            .reversed_axes()
            .into_dyn(),
    ] {
        let mut bytes = Vec::new();
        write(&mut bytes, &array.view()).unwrap();
        let mut rest = &bytes[..];
        let header = Header::read(&mut rest).unwrap();
        assert_eq!(header.len % 64, 0);
        assert_eq!(header.len as usize + rest.len(), bytes.len());
        assert_eq!(
            header.shape,
            array.shape().iter().map(|&n| n as u64).collect::<Vec<_>>()
        );
        let mut values = Vec::new();
        header.decode(rest, &mut values);
        assert_eq!(values, array.iter().copied().collect::<Vec<_>>());
    }
}
