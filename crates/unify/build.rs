//! There for its dependency alone.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
