//! Products and decompositions of dense matrices: those of faer that the laboratory uses, compiled
//! here and nowhere else.
//!
//! Faer's functions are generic. A crate that calls one compiles it anew, with all that is below it,
//! which for a singular value decomposition is more than most crates of this project have of their
//! own. These have the types filled in: other crates link them. Every function gives the bits that
//! faer's own gives.
//!
//! | file | what |
//! |---|---|
//! | `products` | `A B`, and triangles of `A Aᵀ` |
//! | `decompositions` | singular values, eigenvalues, triangles and Cholesky factors |
//!
//! ```
//! use implicit_bias_algebra::{Mat, product, singular_values};
//! let a = Mat::from_fn(2, 2, |i, j| [[0.0, 3.0], [-4.0, 0.0]][i][j]);
//! let values = singular_values(a.as_ref()).expect("they converge");
//! assert!((values[0] - 4.0).abs() < 1e-14);
//! assert_eq!(product(a.as_ref(), a.as_ref())[(0, 0)], -12.0);
//! ```

mod decompositions;
mod products;

pub use faer::linalg::solvers::{EvdError, SelfAdjointEigen, Svd, SvdError};
pub use faer::{Accum, Mat, MatMut, MatRef, Par, set_global_parallelism};

pub use self::decompositions::{
    Cholesky, largest_eigenvalue, least_squares, self_adjoint_eigen, self_adjoint_eigenvalues,
    singular_values, thin_qr, thin_svd, triangle_of_qr, tridiagonal,
};
pub use self::products::{Real, frobenius_norm, lower_triangle_of_squares, matmul, product};
