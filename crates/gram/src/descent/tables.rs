//! What a plain step adds, by tables.
//!
//! `ΔC = S D diag(c)` and `H += ΔC G`, where the slopes `D_kj` are `γ` or 1. Four samples have sixteen patterns of slopes.
//! What each of them adds to a pre-activation is the same for all neurons: it is tabled, and a neuron looks up one entry
//! for four samples. This is the "method of the four Russians" (Arlazarov, Dinic, Kronrod and Faradžev, 1970). A lookup
//! is one addition of vectors where the product takes four multiply-adds.

use implicit_bias_scalar::aligned::AlignedLanes;
use pulp::{Simd, WithSimd};

use crate::inner_products::InnerProducts;
use crate::kernel::{LANES, Lanes, MaskBits, vectors, vectors_mut};

/// Samples whose pattern is one index of a table.
const GROUP: usize = 4;

/// Patterns of a group.
const PATTERNS: usize = 1 << GROUP;

/// Samples of a tile.
pub(super) const TILE: usize = 2 * LANES;

/// Groups of a tile.
const GROUPS: usize = TILE / GROUP;

/// Lanes of a tile.
const TILE_LANES: usize = TILE / LANES;

/// Tiles that are tabled at once: tables of 24 KiB, which the nearest cache holds.
const TABLED: usize = 3;

/// Bytes of the sums of a band, which the second nearest cache holds, and its most tiles.
const BAND_BYTES: usize = 1 << 17;
const BAND_TILES: usize = 16;

/// Bytes of inner products up to which all are held by tile; of larger problems, those that are tabled, for a band.
const HELD_BYTES: usize = 1 << 25;

/// The samples of a tile on which a neuron is active, a byte for every group, the first sample in the lowest bit.
pub(super) type Active = [u8; GROUPS];

/// Arrays by tile, then neuron, then sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub samples: usize,
    pub neurons: usize,
}

impl Layout {
    pub fn tiles(self) -> usize {
        self.samples.div_ceil(TILE)
    }

    /// The place of a pre-activation.
    pub fn at(self, sample: usize, neuron: usize) -> usize {
        (sample / TILE * self.neurons + neuron) * TILE + sample % TILE
    }

    /// Calls `visit` with the place, the sample and the neuron of each pre-activation.
    pub fn for_entries(self, mut visit: impl FnMut(usize, usize, usize)) {
        for sample in 0..self.samples {
            for neuron in 0..self.neurons {
                visit(self.at(sample, neuron), sample, neuron);
            }
        }
    }

    /// Tiles whose sums wait together for further tables.
    fn band(self) -> usize {
        (BAND_BYTES / (self.neurons * TILE * size_of::<f64>())).clamp(1, BAND_TILES)
    }

    /// Whether all inner products are held by tile.
    fn holds_all(self) -> bool {
        (self.tiles() * TILE).pow(2) * size_of::<f64>() <= HELD_BYTES
    }
}

/// Memory of a thread.
#[derive(Clone, Debug)]
pub(super) struct Work {
    /// What each pattern of a group adds to one tile: by group, then pattern.
    tables: AlignedLanes,
    /// What earlier tables have added, by tile of a band, then neuron.
    sums: AlignedLanes,
    /// `G_ji`, by tile of `i`, then by `j`: of all tiles of this thread and all samples, or of a band and tabled ones.
    products: AlignedLanes,
    /// The tiles of `i` and of `j`, first and last.
    held: Option<[usize; 4]>,
}

impl Work {
    /// For the steps of so many tiles.
    pub fn new(layout: Layout, tiles: usize) -> Self {
        let band = layout.band().min(tiles);
        let held = if layout.holds_all() {
            tiles * layout.tiles()
        } else {
            band * TABLED
        };
        Self {
            tables: AlignedLanes::zeros(TABLED * GROUPS * PATTERNS * TILE_LANES),
            sums: AlignedLanes::zeros(band * layout.neurons * TILE_LANES),
            products: AlignedLanes::zeros(held * TILE * TILE_LANES),
            held: None,
        }
    }

    /// Copies the inner products of some tiles with the samples of some tiles, at most `each` of them, if they are not
    /// here: in `G` those of one tile are a row apart.
    fn hold(&mut self, gram: &InnerProducts, of: [usize; 2], with: [usize; 2], each: usize) {
        let ([start, end], [from, to]) = (of, with);
        if self.held == Some([start, end, from, to]) {
            return;
        }
        self.held = Some([start, end, from, to]);
        let samples = gram.samples().min(to * TILE);
        for place in 0..each * TILE {
            let j = from * TILE + place;
            let row = if j < samples {
                &gram.lanes(j)[start * TILE_LANES..]
            } else {
                &[]
            };
            for lane in 0..(end - start) * TILE_LANES {
                let (tile, lane_of_tile) = (lane / TILE_LANES, lane % TILE_LANES);
                let to = (tile * each * TILE + place) * TILE_LANES + lane_of_tile;
                self.products[to] = row.get(lane).copied().unwrap_or_default();
            }
        }
    }
}

/// A step of the tiles from the first to the last of `tiles`, whose arrays begin with the first of them.
pub(super) struct Move<'a, B> {
    pub layout: Layout,
    pub gram: &'a InnerProducts,
    pub slope: f64,
    pub bits: B,
    /// `c_j` and where neurons are active before the step, of all samples.
    pub rates: &'a [Lanes],
    pub active: &'a [Active],
    pub signs: &'a [f64],
    pub tiles: [usize; 2],
    /// Pre-activations are the sums of these two, of which a step changes one.
    pub base: &'a [Lanes],
    pub moved: &'a mut [Lanes],
    pub c: &'a mut [Lanes],
    /// Where neurons are active after the step, and their scores.
    pub next: &'a mut [Active],
    pub scores: &'a mut [Lanes],
    pub work: &'a mut Work,
}

impl<B: MaskBits> Move<'_, B> {
    #[inline(always)]
    pub fn run<S: Simd>(mut self, simd: S) {
        let tiles = self.layout.tiles();
        let passes = tiles.div_ceil(TABLED);
        let [mut start, last] = self.tiles;
        if self.layout.holds_all() {
            self.work.hold(self.gram, self.tiles, [0, tiles], tiles);
        }
        while start < last {
            let end = (start + self.layout.band()).min(last);
            let mut from = 0;
            for pass in 0..passes {
                let to = from + (tiles - from).div_ceil(passes - pass);
                if !self.layout.holds_all() {
                    self.work.hold(self.gram, [start, end], [from, to], TABLED);
                }
                for tile in start..end {
                    self.tile(simd, tile, start, [from, to]);
                }
                from = to;
            }
            start = end;
        }
    }

    /// Adds what the tiles `from..to` do to one of the band that begins with `start`.
    #[inline(always)]
    fn tile<S: Simd>(&mut self, simd: S, tile: usize, start: usize, [from, to]: [usize; 2]) {
        let neurons = self.layout.neurons;
        let samples = (self.layout.samples - tile * TILE).min(TILE);
        let place = tile - self.tiles[0];
        let of_tile = neurons * TILE_LANES;
        let range = place * of_tile..(place + 1) * of_tile;
        let rates = self.rates.as_flattened().as_chunks::<GROUP>().0;
        let held = if self.layout.holds_all() {
            place * self.layout.tiles() + from
        } else {
            (tile - start) * TABLED
        };
        let tabled = from * GROUPS..(to * GROUPS).min(self.layout.samples.div_ceil(GROUP));
        let of = OneTile {
            neurons,
            slope: self.slope,
            bits: self.bits,
            is_first: from == 0,
            is_last: to == self.layout.tiles(),
            products: &self.work.products[held * TILE * TILE_LANES..],
            tabled: &rates[tabled],
            active: &self.active[from * neurons..to * neurons],
            rates: &self.rates[tile * TILE_LANES..(tile + 1) * TILE_LANES],
            signs: self.signs,
            tables: &mut self.work.tables,
            sums: &mut self.work.sums[(tile - start) * of_tile..(tile - start + 1) * of_tile],
            base: &self.base[range.clone()],
            moved: &mut self.moved[range.clone()],
            c: &mut self.c[range],
            next: &mut self.next[place * neurons..(place + 1) * neurons],
            scores: &mut self.scores[place * TILE_LANES..(place + 1) * TILE_LANES],
        };
        // As few vectors as hold the samples of the last tile; where vectors are short, half of them or all.
        match (S::F64_LANES, samples.div_ceil(S::F64_LANES)) {
            (8 | 4, 1) => simd.vectorize(OfVectors::<B, 1>(of)),
            (8, _) | (4, 2) => simd.vectorize(OfVectors::<B, 2>(of)),
            (4, 3) => simd.vectorize(OfVectors::<B, 3>(of)),
            (4, _) | (2, 1..=4) => simd.vectorize(OfVectors::<B, 4>(of)),
            (2, _) | (_, 1..=8) => simd.vectorize(OfVectors::<B, 8>(of)),
            _ => simd.vectorize(OfVectors::<B, 16>(of)),
        }
    }
}

/// What some tiles add to one.
struct OneTile<'a, B> {
    neurons: usize,
    slope: f64,
    bits: B,
    /// Whether these are the first tiles that are added to it, and the last ones.
    is_first: bool,
    is_last: bool,
    /// `G_ji`, `c_j` and the activity of the samples that add.
    products: &'a [Lanes],
    tabled: &'a [[f64; GROUP]],
    active: &'a [Active],
    /// `c_i` of the tile itself.
    rates: &'a [Lanes],
    signs: &'a [f64],
    tables: &'a mut [Lanes],
    sums: &'a mut [Lanes],
    base: &'a [Lanes],
    moved: &'a mut [Lanes],
    c: &'a mut [Lanes],
    next: &'a mut [Active],
    scores: &'a mut [Lanes],
}

/// [`OneTile`] by its first `V` vectors, compiled apart from all else so that registers are enough.
struct OfVectors<'a, B, const V: usize>(OneTile<'a, B>);

impl<B: MaskBits, const V: usize> WithSimd for OfVectors<'_, B, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let of = self.0;
        let neurons = of.neurons;
        let split = TILE / S::F64_LANES;
        let zero = simd.splat_f64s(0.0);
        let slope = simd.splat_f64s(of.slope);
        let tables = vectors_mut::<S>(of.tables).as_chunks_mut::<V>().0;
        let tables = &mut tables.as_chunks_mut::<PATTERNS>().0[..of.tabled.len()];
        fill_tables(simd, slope, of.tabled, vectors::<S>(of.products), tables);
        let sums = &mut vectors_mut::<S>(of.sums).as_chunks_mut::<V>().0[..neurons];
        if !of.is_last {
            for (neuron, sum) in sums.iter_mut().enumerate() {
                let before = if of.is_first { [zero; V] } else { *sum };
                *sum = add_entries(simd, before, tables, of.active, neuron, neurons);
            }
            return;
        }
        // `c_i D_ki` for the two slopes.
        let above = &vectors::<S>(of.rates)[..V];
        let mut below = [zero; V];
        for (below, &above) in below.iter_mut().zip(above) {
            *below = simd.mul_f64s(slope, above);
        }
        let mut scores = [zero; V];
        let base = vectors::<S>(of.base);
        let (moved, c) = (vectors_mut::<S>(of.moved), vectors_mut::<S>(of.c));
        let (signs, next) = (&of.signs[..neurons], &mut of.next[..neurons]);
        for neuron in 0..neurons {
            let before = if of.is_first { [zero; V] } else { sums[neuron] };
            let sum = add_entries(simd, before, tables, of.active, neuron, neurons);
            let sign = simd.splat_f64s(signs[neuron]);
            let base = &base[neuron * split..][..V];
            let moved = &mut moved[neuron * split..][..V];
            let c = &mut c[neuron * split..][..V];
            let mut h = [zero; V];
            for v in 0..V {
                let before = simd.add_f64s(base[v], moved[v]);
                let is_active = simd.less_than_f64s(zero, before);
                let rate = simd.select_f64s(is_active, above[v], below[v]);
                c[v] = simd.mul_add_e_f64s(sign, rate, c[v]);
                moved[v] = simd.mul_add_e_f64s(sign, sum[v], moved[v]);
                h[v] = simd.add_f64s(base[v], moved[v]);
            }
            next[neuron] = read(simd, slope, of.bits, sign, &h, &mut scores);
        }
        vectors_mut::<S>(of.scores)[..V].copy_from_slice(&scores);
    }
}

/// Fills the table of each group of samples: `Σ_j D_j c_j G_ji` for every pattern of the slopes `D_j`.
#[inline(always)]
fn fill_tables<S: Simd, const V: usize>(
    simd: S,
    slope: S::f64s,
    rates: &[[f64; GROUP]],
    products: &[S::f64s],
    tables: &mut [[[S::f64s; V]; PATTERNS]],
) {
    let split = TILE / S::F64_LANES;
    let groups = products.chunks_exact(GROUP * split);
    for ((products, table), rates) in groups.zip(tables).zip(rates) {
        let products = &products[..3 * split + V];
        for v in 0..V {
            let a = simd.mul_f64s(simd.splat_f64s(rates[0]), products[v]);
            let b = simd.mul_f64s(simd.splat_f64s(rates[1]), products[split + v]);
            let c = simd.mul_f64s(simd.splat_f64s(rates[2]), products[2 * split + v]);
            let d = simd.mul_f64s(simd.splat_f64s(rates[3]), products[3 * split + v]);
            let (low, high) = (
                sums_of_two(simd, slope, a, b),
                sums_of_two(simd, slope, c, d),
            );
            for (four, &b) in table.as_chunks_mut::<4>().0.iter_mut().zip(&high) {
                for (out, &a) in four.iter_mut().zip(&low) {
                    out[v] = simd.add_f64s(a, b);
                }
            }
        }
    }
}

/// `γa + γb`, `a + γb`, `γa + b` and `a + b`.
#[inline(always)]
fn sums_of_two<S: Simd>(simd: S, slope: S::f64s, a: S::f64s, b: S::f64s) -> [S::f64s; 4] {
    let (below_a, below_b) = (simd.mul_f64s(slope, a), simd.mul_f64s(slope, b));
    [
        simd.add_f64s(below_a, below_b),
        simd.add_f64s(a, below_b),
        simd.add_f64s(below_a, b),
        simd.add_f64s(a, b),
    ]
}

/// `sum` and the entries of a neuron in all tables.
#[inline(always)]
fn add_entries<S: Simd, const V: usize>(
    simd: S,
    mut sum: [S::f64s; V],
    tables: &[[[S::f64s; V]; PATTERNS]],
    active: &[Active],
    neuron: usize,
    neurons: usize,
) -> [S::f64s; V] {
    let (tiles, rest) = tables.as_chunks::<GROUPS>();
    for (tile, tables) in tiles.iter().enumerate() {
        let patterns = active[tile * neurons + neuron];
        for group in 0..GROUPS {
            add_entry(simd, &mut sum, &tables[group], patterns[group]);
        }
    }
    if !rest.is_empty() {
        let patterns = active[tiles.len() * neurons + neuron];
        for (table, &pattern) in rest.iter().zip(&patterns) {
            add_entry(simd, &mut sum, table, pattern);
        }
    }
    sum
}

#[inline(always)]
fn add_entry<S: Simd, const V: usize>(
    simd: S,
    sum: &mut [S::f64s; V],
    table: &[[S::f64s; V]; PATTERNS],
    pattern: u8,
) {
    let entry = &table[pattern as usize % PATTERNS];
    for v in 0..V {
        sum[v] = simd.add_f64s(sum[v], entry[v]);
    }
}

/// Reads from pre-activations where neurons are active, and `Σ_k s_k φ(h_ki)`.
#[inline(always)]
pub(super) fn read_tile<S: Simd, B: MaskBits>(
    simd: S,
    slope: f64,
    bits: B,
    signs: &[f64],
    parts: [&[Lanes]; 2],
    next: &mut [Active],
    scores: &mut [Lanes],
) {
    match TILE / S::F64_LANES {
        2 => read_vectors::<S, B, 2>(simd, slope, bits, signs, parts, next, scores),
        4 => read_vectors::<S, B, 4>(simd, slope, bits, signs, parts, next, scores),
        8 => read_vectors::<S, B, 8>(simd, slope, bits, signs, parts, next, scores),
        _ => read_vectors::<S, B, 16>(simd, slope, bits, signs, parts, next, scores),
    }
}

#[inline(always)]
fn read_vectors<S: Simd, B: MaskBits, const V: usize>(
    simd: S,
    slope: f64,
    bits: B,
    signs: &[f64],
    parts: [&[Lanes]; 2],
    next: &mut [Active],
    scores: &mut [Lanes],
) {
    let slope = simd.splat_f64s(slope);
    let mut sums = [simd.splat_f64s(0.0); V];
    let base = vectors::<S>(parts[0]).as_chunks::<V>().0;
    let moved = vectors::<S>(parts[1]).as_chunks::<V>().0;
    for (((base, moved), next), &sign) in base.iter().zip(moved).zip(next).zip(signs) {
        let mut h = *base;
        for v in 0..V {
            h[v] = simd.add_f64s(base[v], moved[v]);
        }
        *next = read(simd, slope, bits, simd.splat_f64s(sign), &h, &mut sums);
    }
    vectors_mut::<S>(scores).copy_from_slice(&sums);
}

/// Adds `s φ(h)` of a neuron to the scores; returns where it is active.
#[inline(always)]
fn read<S: Simd, B: MaskBits, const V: usize>(
    simd: S,
    slope: S::f64s,
    bits: B,
    sign: S::f64s,
    h: &[S::f64s; V],
    scores: &mut [S::f64s; V],
) -> Active {
    let zero = simd.splat_f64s(0.0);
    let mut active = 0_u32;
    for v in 0..V {
        let of_vector = u32::from(bits.of(simd, simd.less_than_f64s(zero, h[v])));
        // Four bits of every byte.
        active |= match S::F64_LANES {
            8 => (of_vector & 15 | (of_vector & 240) << 4) << (16 * v),
            4 => of_vector << (8 * v),
            2 => of_vector << (8 * (v / 2) + 2 * (v % 2)),
            _ => of_vector << (8 * (v / 4) + v % 4),
        };
        // `φ(h)` is the larger of `γh` and `h`, as `0 ≤ γ < 1`.
        let value = simd.max_f64s(simd.mul_f64s(slope, h[v]), h[v]);
        scores[v] = simd.mul_add_e_f64s(sign, value, scores[v]);
    }
    active.to_le_bytes()
}
