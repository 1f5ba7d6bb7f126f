"""The keys of `implicit-bias train` as keyword arguments: written by write-keys.py."""

from __future__ import annotations

from os import PathLike
from typing import Literal, Optional, Sequence, TypedDict


class Keys(TypedDict, total=False):
    """Every key of a run."""

    # Data.
    data: Optional[str | PathLike[str]]
    """Data file: .npz, .npy, a table, LIBSVM text or IDX; or `mnist` or `cifar10`, which
    `fetch` brings."""
    label_file: Optional[str | PathLike[str]]
    """Labels of .npy, .npz or IDX samples [default: for …images-idx3… the …labels-idx1… beside
    it]."""
    samples_array: Optional[str | Sequence[str | int]]
    """Array of samples in an .npz file [default: X, or a usual name such as x_train]."""
    labels_array: Optional[str | Sequence[str | int]]
    """Array of labels in an .npz file [default: y, or a usual name such as y_train]."""
    label_column: Optional[str | float | Sequence[str | int]]
    """Column of labels of a table: its name, or its position from 1 (-1 is the last) [default:
    y]."""
    drop_columns: Optional[str | float | Sequence[str | int]]
    """Columns of a table to leave out, by name or position, with commas between them."""
    no_header: Optional[bool]
    """Read the first line of a table as a sample; with =false as names whatever it holds."""
    separator: Optional[str | Sequence[str | int]]
    """What separates the fields of a table: comma, semicolon, tab, space, bar, or a character
    [default: what its first lines tell]."""
    data_dir: Optional[str | PathLike[str]]
    """Folder of the MNIST or CIFAR-10 files [default: the user's data directory]."""
    split: Optional[Literal["train", "test"]]
    """Part of MNIST or CIFAR-10 [default: train]."""
    labels: Optional[Literal["plus-minus-one", "zero-one", "real"]]
    """How the labels of the data file are written [default: plus-minus-one; real for the
    quadratic network under the squared loss]."""
    positive: Optional[str | float | Sequence[str | int]]
    """Label of the class +1, in a file of any number of classes."""
    negative: Optional[str | float | Sequence[str | int]]
    """Label of the class −1 [default: every label but that of +1]."""
    classes: Optional[str | float | Sequence[str | int]]
    """Labels of two or more classes of the data file, such as 0,1,2, for a network with a score
    a class."""
    per_class: Optional[int]
    """Samples of each class to take from the data file, drawn by --seed [default: all]."""
    synthetic: Optional[Literal["mixture", "gaussian", "orthogonal", "hypercube", "tokens", "patches", "sentences", "quadratic-teacher", "equiangular", "crossing-lines", "noisy-clusters", "signal-and-noise"]]
    """Generated data, where no file is given [default: mixture]."""
    held_out: Optional[int]
    """Fresh samples of the data law, with clean labels, on which held_out_error is recorded."""
    held_out_data: Optional[str | PathLike[str]]
    """Held-out samples and labels, read as --data is, on which held_out_error is recorded; or
    `mnist` or `cifar10`, their test sets."""
    samples: Optional[int]
    """Number of samples n to generate [default: 10]."""
    dim: Optional[int]
    """Dimension d of a generated sample [default: 2000]."""
    signal: Optional[float]
    """Length ‖μ‖ of the class mean (mixture), of the centres (crossing-lines), of a signal
    (patches) [default: 1]."""
    noise: Optional[float]
    """Standard deviation σ of the noise in each coordinate: of generated samples (mixture,
    gaussian, patches) [default: 1], or added to those of a file [default: 0]."""
    norm: Optional[float]
    """Norm of a sample, its geometric mean if norms are spread (orthogonal) [default:
    sqrt(d)]."""
    norm_spread: Optional[float]
    """Ratio R_max/R_min of the norms of the samples (orthogonal, equiangular) [default: 1]."""
    parts: Optional[int]
    """Parts of a generated sample, each of dimension d: tokens (tokens) or patches (patches)
    [default: 4]."""
    equal_scores: Optional[bool]
    """Give all tokens of a sample but one the score 0 under the decoder (tokens)."""
    signals: Optional[int]
    """Signals K of each class, all 2K orthogonal (patches) [default: 2]."""
    noise_on_signals: Optional[bool]
    """Leave the part of the noise along the signals in place (patches)."""
    vocabulary: Optional[int]
    """Tokens V there are (sentences) [default: 20]."""
    length: Optional[int]
    """Tokens L of a sentence (sentences) [default: 6]."""
    language: Optional[int]
    """Seed of the language, the next token of each token and which token tells it (sentences)
    [default: 0]."""
    two_targets: Optional[bool]
    """End with the first sentence again, another of its tokens telling the next one
    (sentences)."""
    two_successors: Optional[bool]
    """Give the last token the embedding of the first one, not its next token (sentences)."""
    teacher_width: Optional[int]
    """Neurons of the teacher (quadratic-teacher) [default: 3]."""
    orthogonal_samples: Optional[bool]
    """Orthonormal samples e_i in place of Gaussian ones (quadratic-teacher)."""
    equal_targets: Optional[bool]
    """Targets that are all 1 in place of a teacher's (quadratic-teacher)."""
    cosine: Optional[float]
    """Cosine μ of the angle between any two signed samples y_i x_i (equiangular) [default:
    0.1]."""
    line_angle: Optional[float]
    """Angle α between the lines of both classes, in radians (crossing-lines) [default: π/2]."""
    cluster_spread: Optional[float]
    """Standard deviation σ of each coordinate within a cluster (crossing-lines) [default:
    0.1]."""
    cluster_radius: Optional[float]
    """Largest distance δ of a sample from the centre of its cluster (crossing-lines) [default:
    0.2]."""
    cluster_symmetry: Optional[Literal["skewed", "symmetric"]]
    """Symmetry of a cluster about its line (crossing-lines) [default: skewed]."""
    mean_exponent: Optional[float]
    """Exponent b of the length ‖μ‖ = d^b of the cluster mean (noisy-clusters) [default:
    0.26]."""
    flip_share: Optional[float]
    """Share of the labels of each cluster that are flipped, to the nearest number (noisy-
    clusters) [default: 0.15]."""
    signal_share: Optional[float]
    """Share γ of the signal in ‖x‖² (signal-and-noise) [default: 5/n, at most 1]."""
    flips: Optional[int]
    """Number of labels that are flipped, exactly (signal-and-noise) [default: as --flip-rate
    says]."""
    flip_rate: Optional[float]
    """Probability with which each label is flipped (signal-and-noise) [default: 0.1, and 0
    beside --flips]."""

    # Preparation, in this order.
    scale: Optional[float]
    """Factor of every coordinate [default: 1; for mnist and cifar10 1/255, which takes pixels
    to 0 … 1]."""
    centre: Optional[bool]
    center: Optional[bool]
    """Subtract the mean of the samples."""
    unit_norm: Optional[bool]
    """Divide every sample by its norm; the noise of --noise is added after this."""
    random_labels: Optional[bool]
    """Replace the labels by fair coins."""

    # Network.
    init_scale: Optional[float]
    sigma0: Optional[float]
    init_std: Optional[float]
    """Standard deviation σ₀ of the initial weights, where no file is given [default: 0.001]."""
    init_law: Optional[Literal["gaussian", "balanced", "uniform-fan-in", "axes"]]
    """Law of the initial weights, where no file is given [default: gaussian]."""
    network: Optional[Literal["two-layer", "two-layer-both", "deep", "linear", "multi-class", "convolution", "quadratic", "attention", "transformer", "two-layer-negative"]]
    """Network [default: two-layer]."""
    axis_scales: Optional[str | Sequence[str | int]]
    """Norms of the neurons over σ₀, one a neuron, such as 1,0.1,0.001,0.01 (axes) [default: all
    1]."""
    width: Optional[int]
    """Width m: neurons in each block, or in a hidden layer; a file of initial weights has its
    own [default: 50]."""
    activation: Optional[Literal["relu", "leaky-relu", "smoothed-leaky-relu", "huberized-relu", "quadratic"]]
    """Activation [default: leaky-relu]."""
    slope: Optional[float]
    gamma: Optional[float]
    """Slope γ of leaky ReLU, 0 ≤ γ < 1 [default: 0.1]."""
    exponent: Optional[float]
    """Exponent q of Huberized ReLU, q > 1 [default: 3]."""
    threshold: Optional[float]
    """Threshold κ above which Huberized ReLU has slope 1 [default: 1]."""
    output_weight: Optional[float]
    """Weight a > 0 of a neuron in the score, a Σ ± φ [default: 1/m]."""
    neurons: Optional[bool]
    """Record of the hidden neurons how many are in the sets S₊ and S₋, dead, or elsewhere,
    their angles to the axes and to the line of their class, and the balance of the layers (two-
    layer-both, labels ±1)."""
    depth: Optional[int]
    """Hidden layers k (deep) [default: 2]."""
    patches: Optional[int]
    """Patches of a sample, one after another in its row (convolution), d/P coordinates each; an
    array [n, P, d] says it itself."""
    tokens: Optional[int]
    """Tokens of a sample, one after another in its row (attention) [default: those of an array
    [n, T, d]]."""
    decoder: Optional[Literal["fixed", "trained"]]
    """Decoder u (attention) [default: fixed]."""

    # Descent.
    loss: Optional[Literal["logistic", "exponential", "hinge", "squared", "polynomial"]]
    """Loss [default: logistic]."""
    reduction: Optional[Literal["mean", "sum"]]
    """What is made of the losses of the samples [default: mean]."""
    optimizer: Optional[Literal["gd", "momentum", "normalized-gd", "sign-gd", "polyak", "adam", "sgd", "adagrad", "flow", "two-stage", "block-normalized-gd"]]
    """Optimizer [default: gd]."""
    step_size: Optional[float]
    eta: Optional[float]
    lr: Optional[float]
    """Step size η [default: 0.1]."""
    step_decay: Optional[float]
    """Exponent a of the step size η (t + t₀)^(−a) of step t = 0, 1, … [default: 0]."""
    step_offset: Optional[float]
    """Offset t₀ of a step size that decays [default: 1]."""
    step_table: Optional[str | Sequence[str | int]]
    """Other step sizes η from some steps on, such as 1e3:0.05,1e4:0.01."""
    step_schedule: Optional[str | Sequence[str | int]]
    """Factors of the step size from some steps on, formulas of the step t = 0, 1, … with + - *
    / ^ and parentheses, such as 0:512,12:1,8192:t/8192."""
    tail: Optional[float]
    """Power α of a loss that falls like q^(−α) [default: 1]."""
    beta1: Optional[float]
    """Share β₁ of the past in the mean of gradients (momentum, adam) [default: 0.9]."""
    batch_size: Optional[int]
    """Samples of a batch (sgd, momentum, sign-gd, adam) [default: 1 for sgd, all for
    others]."""
    batch_order: Optional[Literal["shuffled", "cyclic"]]
    """Order of the samples in batches (sgd, momentum, sign-gd, adam) [default: shuffled]."""
    polyak_factor: Optional[float]
    """Divisor c of Polyak's step size (L − inf L)/(c ‖∇L‖²); inf L is the network's where it
    knows it, else 0 (polyak) [default: 1]."""
    beta2: Optional[float]
    """Share β₂ of the past in the mean of squared gradients (adam) [default: 0.999]."""
    epsilon: Optional[float]
    """ε beside the root of the second moment; 0 is allowed (adam, adagrad) [default: 1e-8]."""
    bias_correction: Optional[bool]
    """Divide the moments by 1 − β^t (adam) [default: true]."""
    first_steps: Optional[int]
    """Steps of the first stage, on the first block of weights alone (two-stage) [default:
    1000]."""
    first_step_size: Optional[float]
    """Step size η₀ of the first stage (two-stage) [default: 0.1]."""
    second_step_size: Optional[float]
    """Step size η₂ of all blocks but the first (block-normalized-gd) [default: 0.1]."""
    second_step_decay: Optional[float]
    """Exponent a₂ of the step size η₂ (t + 1)^(−a₂) of all blocks but the first (block-
    normalized-gd) [default: 0]."""
    steps: Optional[float]
    """Number of steps T; 1e6 is accepted [default: 1e5]."""
    stop: Optional[Literal["zero-errors", "zero-loss"]]
    """Stop before the horizon, at the first step where this holds [default: go on] (weight
    space)."""
    engine: Optional[Literal["auto", "tensor", "gram"]]
    """Engine [default: auto]."""
    exact_steps: Optional[float]
    """Steps that are taken exactly; past them the descent is followed in log t, with an
    estimate of the error in every row of the series. In Gram coordinates 10⁷; in weight space
    all of them up to 10⁶, and 10⁴ where T is larger [default: 1e7]."""
    gradient: Optional[Literal["auto", "autodiff", "hand-derived"]]
    """Gradient of the tensor engine [default: auto]."""
    device: Optional[str | Sequence[str | int]]
    """Device, as listed by `implicit-bias devices` [default: the first]."""
    precision: Optional[Literal["f32", "f64"]]
    """Precision [default: f64 where the device has it]."""
    compensated: Optional[bool]
    """Keep what rounding takes from each update (two-sum); for f32."""
    sensitivity: Optional[bool]
    """Run a twin whose initial weights differ by 10⁻¹⁰ of their norm, and record as
    `sensitivity` how far both part, over their first distance; doubles the work (weight
    space)."""
    kkt: Optional[bool]
    """Record as `kkt_residual` and `complementarity`, at powers of ten, how far the direction
    is from a KKT point of the largest margin (weight space; homogeneous networks)."""

    # Output.
    record: Optional[int]
    """Recorded steps a decade; 0, 1, 2, 5 × 10^k and T always are [default: 20]."""
    probes: Optional[str | Sequence[str | int]]
    """Further columns of series.csv, by the names of probes with commas between them:
    `implicit-bias help probes` lists them."""
    seed: Optional[int]
    """Seed of the data and of the initial weights [default: 0]."""
    export: Optional[Literal["npz"]]
    """Also write the results in this format."""
    figures: Optional[str | Sequence[str | int]]
    """Formats of the figures, such as svg,pdf,png; SVG is always among them [default: svg]."""
    figure_width: Optional[str | Sequence[str | int]]
    """Width of PDF and PNG figures, such as 8.5cm or 3.25in [default: that of the SVG at 96
    pixels an inch]."""
    figure_font: Optional[str | Sequence[str | int]]
    """Font of PDF and PNG figures: a .ttf or .otf file, or an installed family [default: DejaVu
    Sans, which is built in]."""
    checkpoint_interval: Optional[float]
    """Seconds between checkpoints for `resume` [default: 60]."""
    threads: Optional[int]
    """Threads to compute on [default: as many as there are cores that the process may use]."""


class ResumeKeys(TypedDict, total=False):
    """What a run that goes on may change."""

    # Output.
    figures: Optional[str | Sequence[str | int]]
    """Formats of the figures, such as svg,pdf,png; SVG is always among them [default: svg]."""
    figure_width: Optional[str | Sequence[str | int]]
    """Width of PDF and PNG figures, such as 8.5cm or 3.25in [default: that of the SVG at 96
    pixels an inch]."""
    figure_font: Optional[str | Sequence[str | int]]
    """Font of PDF and PNG figures: a .ttf or .otf file, or an installed family [default: DejaVu
    Sans, which is built in]."""
    checkpoint_interval: Optional[float]
    """Seconds between checkpoints for `resume` [default: 60]."""
    threads: Optional[int]
    """Threads to compute on [default: as many as there are cores that the process may use]."""
